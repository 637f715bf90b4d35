"""``harness promote RUN``: whether a new model takes the place of the one in production, written with its evidence."""

import argparse
import json
from pathlib import Path

from harness import api
from harness.cli.gate import checked_rules
from harness.codec import encode

CODES = {"promote": 0, "roll back": 1, "keep": 2}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run whose reference is the model in production")
    parser.add_argument(
        "--gate",
        metavar="RULE[,RULE]",
        help="rules on scores, as of harness compare --gate (default: the spec's, else every suite may drop by 1%%)",
    )
    parser.add_argument("--json", action="store_true", help="print the decision as JSON")


def run(args: argparse.Namespace) -> int:
    """Decide, write promotion.json, print it; exit 0 to promote, 1 to roll back, 2 to keep what is there."""
    found = api.promote(args.folder, rules=checked_rules(args.gate))
    if args.json:
        print(json.dumps(encode(found), indent=2, ensure_ascii=False, allow_nan=False))
        return CODES[found.choice]
    from harness.cli.formats import rendered
    from harness.report.promotion import promotion_document

    print(rendered(promotion_document(found), "text"))
    print(f"the decision and its evidence: {args.folder / 'promotion.json'}")
    print(f"next: harness verify {args.folder}")
    return CODES[found.choice]

"""``harness compare --gate``: its options, and rulings as they are printed."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.verdict.one_run import OneRun
    from harness.verdict.ruling import Ruling


def add_gate_options(parser: argparse.ArgumentParser) -> None:
    """Add what a gate is told."""
    group = parser.add_argument_group("a gate: exit 0 where all rules pass, 1 where one rejects, else 2")
    group.add_argument(
        "--gate",
        nargs="?",
        const="",
        metavar="RULE[,RULE]",
        help="not-worse, not-worse-in-domain, not-worse-out-of-domain, no-forgetting, threshold:[TASK=]0.7, "
        "drop:[TASK=]0.01 or drop:[TASK=]1%%",
    )
    group.add_argument(
        "--baseline",
        nargs="+",
        type=Path,
        metavar="DIR",
        help="judge one run, --candidate DIR, by the seeds of this run folder, or of these logs, a folder a seed",
    )
    group.add_argument(
        "--recipe", metavar="NAME", help="the baseline's recipe in a run folder (default: its reference)"
    )
    group.add_argument(
        "--scope",
        choices=("recipe", "checkpoint"),
        default="recipe",
        help="checkpoint: one run a side, over items alone, which speaks of no recipe",
    )


def checked_rules(given: str | None) -> list[str]:
    """Return the gate's rules, all refused before anything is judged that are none."""
    if not given:
        return []
    from harness.verdict.gate import RULES
    from harness.verdict.requirements import requirements

    rules = given.split(",")
    requirements(each for each in rules if each not in RULES)
    return rules


def print_ruling(ruling: "Ruling", *, aside: bool) -> int:
    """Print a ruling, on the standard error where the output is JSON, and return its exit code."""
    print("\n".join(part for part in (ruling.text, ruling.passable) if part), file=sys.stderr if aside else sys.stdout)
    return ruling.code


def print_one_run(found: "OneRun", *, as_json: bool) -> int:
    """Print what a gate says of one run, and return its exit code."""
    if as_json:
        rulings: Sequence[dict[str, object]] = [
            {"code": each.code, "text": each.text, "passable": each.passable} for each in found.rulings
        ]
        content = {"scope": found.scope, "speaks_of": found.speaks_of, "code": found.ruling.code, "rulings": rulings}
        print(json.dumps(content, indent=2, ensure_ascii=False))
        return found.ruling.code
    print(found.speaks_of)
    return print_ruling(found.ruling, aside=False)

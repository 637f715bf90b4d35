"""``harness search SPEC``: find a recipe in phases and hold it against the baseline; the same command goes on."""

import argparse

from harness.cli import run as run_verb
from harness.cli._common import load_spec
from harness.errors import UsageError
from harness.spec import Campaign


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments, which are those of `harness run`."""
    run_verb.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Run the experiment of a spec with a `search`; or plan it. Raises `UsageError` for a spec without one."""
    if args.spec is None or args.locked is not None:
        raise UsageError("Name a spec: a lock holds what was found, and `harness run --locked` makes that run again.")
    found = load_spec(args)
    if isinstance(found, Campaign) or found.search is None:
        raise UsageError(
            f"{args.spec} has no `search` block, so that there is nothing to search for; `harness run` takes it as it "
            "is, and `search` is a shipped one that has."
        )
    return run_verb.run(args)

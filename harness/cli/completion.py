"""``harness completion SHELL``: the script that completes verbs, options, choices and files in a shell."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from harness.cli._common import folder
from harness.extras import require

SHELLS = ("bash", "zsh", "tcsh")
_FILES = ("spec", "files", "name")
"""Arguments that may be a path beside a name."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("shell", choices=SHELLS)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    require("completion", "harness completion")
    print(script(args.shell))
    return 0


def script(shell: str) -> str:
    """Return what a shell reads to complete every verb as it is now."""
    import shtab

    from harness.cli import VERBS, parser_of

    parser = parser_of(VERBS)
    for action in _actions(parser):
        if action.type is folder:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        elif action.type is Path or (not action.option_strings and action.dest in _FILES):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    return str(shtab.complete(parser, shell=shell))


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield every action of a parser and of the verbs below it."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to its actions
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for below in action.choices.values():
                yield from _actions(below)

"""Write docs/cli.md from the help of every verb: ``python docs/cli.py``; a test holds the committed page to it."""

import contextlib
import io
import os
from pathlib import Path
from unittest import mock

from harness.cli import VERBS, main

PAGE = Path(__file__).with_suffix(".md")
WIDTH = "100"
ACTIONS = {"rate": ("export", "import"), "tasks": ("new", "check")}
"""What verbs have verbs of their own."""

HEAD = """# The command line

Every verb's `--help`, as it prints it. This page is written by `python docs/cli.py`.
"""


def page() -> str:
    """Return the page's text; argparse wraps it as Python 3.11 does."""
    verbs = [words for verb in VERBS for words in ((verb,), *((verb, action) for action in ACTIONS.get(verb, ())))]
    return "\n".join([HEAD, *(_section(*words) for words in ((), *verbs))])


def _section(*words: str) -> str:
    return f"## {' '.join(('harness', *words))}\n\n```text\n{_help(*words)}```\n"


def _help(*words: str) -> str:
    said = io.StringIO()
    with mock.patch.dict(os.environ, {"COLUMNS": WIDTH}), contextlib.redirect_stdout(said):
        main([*words, "--help"])
    return said.getvalue()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

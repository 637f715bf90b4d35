"""The command line: one file a verb.

A verb's module has ``configure(parser)`` and ``run(args) -> exit code``, and is imported only when its verb is
asked for. A verb module's own top-level imports stay light; what it needs of torch and its like it imports in
`run`, so that ``--help``, ``validate`` and ``ls`` answer at once.
"""

import argparse
import contextlib
import importlib
import os
import shlex
import sys
import traceback
from collections.abc import Collection, Sequence
from typing import Protocol, TextIO, cast

from harness import __version__
from harness.cli.examples import epilog
from harness.cli.stopping import exit_code, in_order
from harness.cli.terminal import cleaned
from harness.errors import REPORT_IT, HarnessError

BUG = 70
USAGE = 64

VERBS = {
    "init": "write an experiment of your own to start from: a spec, recipes, rows and suites",
    "validate": "check spec and recipe files; print every error with its JSON path and line",
    "plan": "show what a spec would run, what it would cost and what it could detect",
    "run": "train, score and compare; the same command resumes",
    "search": "find a recipe in phases by validation rows, and hold it against the baseline on fresh seeds",
    "submit": "submit a run as an array of tasks of Slurm; each takes the next cells that nobody has",
    "ls": "list what has run and how it ended",
    "compare": "verdicts from finished runs, anyone's lm-eval sample logs or a table of scores",
    "promote": "decide whether a new model takes the place of the one in production, with the evidence in one file",
    "report": "write the report of a run again from its ledger",
    "show": "print a recipe, a suite or a spec as it is resolved, with its file",
    "bundle": "write a run's records, scores and verdict as one file that others can verify",
    "export": "write a cell's model as a folder that others serve, or a run's scores in another format",
    "rate": "have experts rate pairs of generated answers without names, and judge their marks",
    "push": "push a run's adapters with model cards and its verdict to the hub; --dry-run pushes nothing",
    "verify": "judge the scores in a bundle, or of a promotion, anew and say whether the verdict is theirs",
    "tasks": "list, check or start task suites",
    "trust": "show the code that a stranger's task would run, and let it run from now on",
    "adapters": "list adaptation recipes",
    "schema": "print the JSON Schema of spec, recipe or verdict files",
    "completion": "print the script that completes verbs, options and files in a shell",
    "doctor": "check this machine (packages, model cache, registry, accelerator), or that a run folder is whole",
}

EXIT_CODES = """exit codes:
  0 done    1 a gate rejected, a check failed    2 inconclusive under --gate
  3 some cells failed, the others' results stand    64 bad spec or usage
  65 files of a run folder are damaged: nothing was made of them
  69 a model, package or data set cannot be had    70 a bug
  74 the disk refuses: full, too large, not permitted, vanished; what is done is kept
  75 cells that were named wait for a look that is not over: again later
  130 stopped by Ctrl-C    143 by SIGTERM; the same command goes on, and a second signal stops at once"""


class Verb(Protocol):
    """What a verb's module provides."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit code. Raises `HarnessError` for what the user can mend."""


class _Formatter(argparse.HelpFormatter):
    """Wraps a paragraph, and leaves what has lines of its own as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "".join(f"{indent}{line}" for line in text.splitlines(keepends=True))
        return super()._fill_text(text, width, indent)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        # argparse prints the whole usage first, which for `compare` hides one line below eighteen.
        self.exit(USAGE, f"{self.prog}: {message}\n`{self.prog} --help` says what it takes.\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code (the console script's entry)."""
    with cleaned():
        return _main(list(sys.argv[1:] if argv is None else argv))


def _main(words: list[str]) -> int:
    try:
        args = _parse(words)
        with in_order():
            code = cast("Verb", args.verb_module).run(args)
            sys.stdout.flush()  # what a full disk does not take is told here, not when Python ends
            return code
    except HarnessError as error:
        return _ended(f"harness: {error}", error.exit_code)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else USAGE
    except KeyboardInterrupt as stop:
        again = shlex.join(["harness", *words])
        return _ended(f"harness: stopped; what is done is kept. It goes on with: {again}", exit_code(stop))
    except BrokenPipeError:
        _let_go(sys.stdout)
        return 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug keeps its traceback and its exit code
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """Say what nobody caught: what the disk refuses, with what to do, or a bug, with what to send."""
    from harness.storage import storage_error

    of_the_disk = storage_error(error)
    if of_the_disk is not None:
        return _ended(f"harness: {of_the_disk}", of_the_disk.exit_code)
    shown = "".join(traceback.format_exception(error))
    return _ended(f"{shown}harness: this is a bug in harness, not in your files. {REPORT_IT}", BUG)


def _ended(said: str, code: int) -> int:
    """Say why a command ends, and return its exit code, which is all where standard error takes nothing either."""
    with contextlib.suppress(OSError):
        print(said, file=sys.stderr, flush=True)
    for stream in (sys.stdout, sys.stderr):
        _let_go(stream)
    return code


def _let_go(stream: TextIO) -> None:
    """Leave nothing in a stream that takes nothing: Python would try again and end with an exit code of its own."""
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):  # a stream without a file has none to give up
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def parser_of(configured: Collection[str]) -> argparse.ArgumentParser:
    """Return the parser of the command line, in which these verbs have their arguments: a verb's module is imported."""
    return _parser(configured)[0]


def _parser(configured: Collection[str]) -> "tuple[_Parser, dict[str, _Parser]]":
    """Return the parser, and each verb's."""
    parser = _Parser(
        prog="harness",
        description="Which way of adapting a language model holds up, where, and how sure are we?",
        epilog=EXIT_CODES,
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)
    for name, summary in VERBS.items():
        verb = verbs.add_parser(
            name, help=summary, description=summary, epilog=epilog(name), formatter_class=_Formatter
        )
        if name in configured:
            module = cast("Verb", importlib.import_module(f"harness.cli.{name}"))
            module.configure(verb)
            verb.set_defaults(verb_module=module)
    return parser, verbs.choices


def _parse(words: list[str]) -> argparse.Namespace:
    asked = next((word for word in words if not word.startswith("-")), None)
    parser, verbs = _parser(() if asked is None else (asked,))
    if not words:
        parser.print_help(sys.stderr)
        parser.exit(USAGE)
    args, unknown = parser.parse_known_args(words)
    if unknown:
        verbs[str(asked)].error(f"unknown: {' '.join(unknown)}")
    return args

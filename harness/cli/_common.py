"""What verbs share: the options of every verb on a spec, lists on a terminal, and quiet imports."""

import argparse
import logging
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from harness.api import Changes, notes_of, overrides_of
from harness.api import run_folder as api_run_folder
from harness.cli.terminal import uncleaned
from harness.declarations.code import consent
from harness.declarations.trust import trust_for_now
from harness.spec import Campaign, load_any
from harness.spec.records import Experiment
from harness.text import visible

PLANNING = {
    "recipes": "the recipes, on the model's shape",
    "speed": "how fast this machine is",
    "tokens": "training rows and suites, in tokens",
    "contamination": "training rows against scored items",
    "identity": "what each cell is made from",
}
"""The stages of planning, as a command tells them."""

_NARROWEST, _WIDEST, _PIPED = 60, 120, 100
_INDENT = "    "


def add_spec_options(parser: argparse.ArgumentParser) -> None:
    """Add the spec itself and what may be overridden in it."""
    parser.add_argument("spec", help="a spec file, or the name of a shipped one such as gap or quick")
    add_override_options(parser)


def add_override_options(parser: argparse.ArgumentParser) -> None:
    """Add what may be overridden in a spec."""
    group = parser.add_argument_group("overrides, checked like the file and noted in the lock file and the report")
    group.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="set a value, e.g. training.max_steps=5"
    )
    group.add_argument("--seeds", type=_seeds, metavar="1,2,3", help="train with these seeds instead")
    group.add_argument("--limit", type=int, metavar="N", help="score at most N items of every suite")
    group.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="keep these recipes, suites or models (repeatable)"
    )
    group.add_argument("--device", metavar="DEVICE", help="where models are: cpu, cuda, cuda:1 or mps")
    group.add_argument(
        "--workers", type=_workers, metavar="N", help="run N cells at once, or `auto`: as many as there is room for"
    )
    group.add_argument("--out", type=Path, metavar="DIR", help="the run folder (default: runs/NAME)")
    add_consent_option(parser)
    parser.add_argument(
        "--include-path",
        action="append",
        default=[],
        type=folder,
        metavar="DIR",
        help="also look here for specs, recipes and tasks (repeatable)",
    )


def add_consent_option(parser: argparse.ArgumentParser) -> None:
    """Add the consents: to running what a model writes in answer to a task, and the code that a task brings."""
    parser.add_argument(
        "--execute-code",
        action=_Consent,
        metavar="TASK",
        help="let the programs run that models write in answer to this task, such as humaneval (repeatable)",
    )

    parser.add_argument(
        "--trust-code",
        action=_Trust,
        metavar="PATH",
        help="let the code of tasks at or below this path run in this command (repeatable); see `harness trust`",
    )


class _Trust(argparse.Action):
    """Notes the trust where every process of the command finds it."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, value: Any, _option: object = None) -> None:
        path = Path(value).expanduser()
        if not path.exists():
            raise argparse.ArgumentError(self, f"there is no file or folder {value!r}")
        trust_for_now([path])
        setattr(namespace, self.dest, value)


class _Consent(argparse.Action):
    """Notes the consent where every process of the command finds it."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, value: Any, _option: object = None) -> None:
        consent([value])
        setattr(namespace, self.dest, value)


def folder(text: str) -> Path:
    """Return a folder that is there (an argument's type)."""
    path = Path(text).expanduser()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text!r}")
    return path


def changes_from(args: argparse.Namespace) -> Changes:
    """Return what the command line changes about a spec, and where it looks for declarations."""
    given: Changes = {"set": args.set, "only": args.only, "include": args.include_path}
    if args.seeds is not None:
        given["seeds"] = args.seeds
    if args.limit is not None:
        given["limit"] = args.limit
    if args.device is not None:
        given["device"] = args.device
    if args.workers is not None:
        given["workers"] = args.workers
    return given


def load_spec(args: argparse.Namespace) -> Experiment | Campaign:
    """Return what the command line names, an experiment or that of several models, after a line for each note."""
    changes = changes_from(args)
    found = load_any(args.spec, include=map(Path, args.include_path), overrides=overrides_of(changes))
    for note in notes_of(found):
        print(f"note: {note}", file=sys.stderr)
    return found


def alone(found: Experiment | Campaign) -> Experiment:
    """Return the only experiment of what was read."""
    return next(iter(found.experiments.values())) if isinstance(found, Campaign) else found


def run_folder(found: Experiment | Campaign, out: Path | None) -> Path:
    """Return where an experiment runs; the only one that is kept of several models runs below these."""
    if not isinstance(found, Campaign):
        return api_run_folder(found, out)
    return (out or Path("runs") / found.name) / next(iter(found.experiments))


def entry(name: str, facts: str, *lines: str) -> str:
    """Return ``name  facts`` and the lines below it, indented; empty lines are left out.

    An entry of a few folded lines fits a terminal of any width, however long the names are.
    """
    width = min(max(shutil.get_terminal_size((_PIPED, 24)).columns, _NARROWEST), _WIDEST)
    head = textwrap.fill(f"{name}  {facts}".rstrip(), width, subsequent_indent=_INDENT, break_on_hyphens=False)
    below = (
        textwrap.fill(line, width, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False)
        for line in lines
        if line
    )
    return "\n".join([head, *below])


@contextmanager
def stages(what: str, names: Mapping[str, str]) -> Iterator[Callable[[str], None]]:
    """Yield what shows on standard error which stage has begun, by `names`: in place on a terminal, else a line each.

    The first thing is shown at once: a worker takes seconds to start.
    """
    from rich.console import Console
    from rich.markup import escape

    console = Console(file=uncleaned(sys.stderr))
    if sys.stderr.isatty():
        with console.status(escape(visible(f"{what}: starting a worker"))) as shown:
            yield lambda name: shown.update(escape(visible(f"{what}: {names.get(name, name)}")))
        return

    def say(words: str) -> None:
        console.print(visible(f"{what}: {words}"), markup=False, highlight=False, soft_wrap=True)

    say("starting a worker")
    yield lambda name: say(names.get(name, name))


def quiet_imports() -> None:
    """Drop bitsandbytes' warning about kernels that speed up quantized inference: nothing here needs them."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def _workers(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor `auto`") from None


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(each) for each in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not whole numbers with commas between, e.g. 1,2,3") from None

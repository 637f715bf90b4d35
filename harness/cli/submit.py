"""``harness submit SPEC``: the run's command as an array of tasks of Slurm, through submitit."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from harness import api
from harness.campaigns import folder_of
from harness.cli._common import add_spec_options, changes_from, load_spec
from harness.cli.report import FAILED_CELLS
from harness.errors import UsageError
from harness.extras import require
from harness.spec import Campaign


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_spec_options(parser)
    parser.add_argument("--tasks", type=int, required=True, metavar="N", help="the number of tasks of the array")
    parser.add_argument(
        "--next",
        dest="units",
        type=int,
        default=1,
        metavar="N",
        help="trials or cells a task takes at most (default: 1)",
    )
    parser.add_argument(
        "--to", choices=("slurm", "local"), default="slurm", help="who runs the tasks: Slurm, or processes here"
    )
    parser.add_argument(
        "--with",
        dest="parameters",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="submitit's parameters of a task, e.g. timeout_min=240, mem_gb=32, gpus_per_node=1 or slurm_partition=gpu",
    )
    parser.add_argument("--wait", action="store_true", help="wait for the tasks and note in the journal how each ended")


def run(args: argparse.Namespace) -> int:
    """Submit, and print the tasks; with ``--wait`` also how each ended."""
    require("run", "harness submit")
    require("slurm", "harness submit")
    found = load_spec(args)

    from harness.execution.submit import Array, submitted, waited_for

    # Of several models, each task goes through all.
    place = folder_of(found, args.out) if isinstance(found, Campaign) else api.run_folder(found, args.out)
    folder = place.absolute()
    array = Array(
        folder=folder,
        words=(*_words(args, folder), "--next", str(_positive(args.units, "--next"))),
        tasks=_positive(args.tasks, "--tasks"),
        cluster=args.to,
        parameters=dict(_parameters(args.parameters)),
    )
    tasks = submitted(array)
    for each in tasks:
        print(f"task {each.number}: job {each.job.job_id}, {each.log}")
    if not args.wait:
        print(f"`harness report {folder}` judges as far as it came.")
        return 0
    codes = [waited_for(array, each) for each in tasks]
    for each, code in zip(tasks, codes, strict=True):
        print(f"task {each.number}: " + ("ended without a word" if code is None else f"exit code {code}"))
    return 0 if all(code == 0 for code in codes) else FAILED_CELLS


def _positive(number: int, option: str) -> int:
    if number < 1:
        raise UsageError(f"{option} {number}: a number from 1 on.")
    return number


def _parameters(given: list[str]) -> Iterator[tuple[str, int | str]]:
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals):
            raise UsageError(f"--with {each}: NAME=VALUE, such as timeout_min=240.")
        yield name, int(value) if value.isdecimal() else value


def _words(args: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Yield the command line of the run that every task has."""
    yield from (sys.executable, "-m", "harness", "run", args.spec, "--out", str(folder))
    changes = changes_from(args)
    for option, given in (("--set", args.set), ("--only", args.only), ("--include-path", args.include_path)):
        for each in given:
            yield from (option, str(each))
    if "seeds" in changes:
        yield from ("--seeds", ",".join(map(str, changes["seeds"])))
    for option in ("limit", "device", "workers"):
        if option in changes:
            yield from (f"--{option}", str(changes[option]))  # type: ignore[literal-required]

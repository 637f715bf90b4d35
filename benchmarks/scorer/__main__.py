"""The shared-prompt scorer, with each of its shortcuts off in turn, beside lm-eval's HFLM: items a second, differences.

    python -m benchmarks.scorer [--fast] [--suite k8s_qa] [--items 64] [--turns 3] [--recipe prompt--vocabulary-20]
    python -m benchmarks.scorer --cells [--fast]

All engines score the same items of the spec's suites, with as many examples before each as the spec says, on the spec's
base model, or on that as a recipe adapts it before training, in turns; the fastest turn of each counts. What is timed
is lm-eval's evaluation (prompts, tokenization, scoring, metrics), without loading the task or the model. With
``--cells`` it is what a run's cells take to score the same suites, the untuned model and each recipe's after a step of
training, with each shortcut of `execute` off in turn: there a later cell can use what an earlier one computed.
Differences over 0.001 nats an answer make the exit code 1.
"""

import argparse
import inspect
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import transformers
from lm_eval.api.task import Task
from lm_eval.models.huggingface import HFLM
from tabulate import tabulate

from benchmarks import _machine, _runs
from benchmarks._turns import in_turns
from benchmarks.scorer.engines import HARNESS, PLAIN, Run, engines, once, recorded
from harness import spec
from harness.evaluation.batching import Request, cut_into_batches, share_rows
from harness.evaluation.scorer import TOKENS
from harness.methods.adapt import adapt
from harness.sources import models
from harness.suites.examples import with_shots
from harness.suites.load import load_task
from harness.training import train

APART = 1e-3
SEED = 42

HEADERS = ("suite", "engine", "items/s", f"times {PLAIN}", "CPU", "max |Δ|", "choices", "how")
FORMATS = ("", "", ".2f", ".2f", ".2f", ".1e")


def main() -> int:
    options = arguments()
    logging.getLogger("lm_eval").addHandler(logging.NullHandler())
    transformers.logging.disable_progress_bar()
    print(_machine.described())
    print(f"suites and model of {options.spec}, {options.items} items a suite\n", flush=True)
    return by_cell(options) if options.cells else by_engine(options)


def arguments() -> argparse.Namespace:
    parser = _machine.parser(__doc__)
    parser.add_argument("--spec", default=str(_runs.FROZEN), help="experiment whose model and suites are used")
    parser.add_argument("--suite", action="append", help="a suite of it (repeatable; default: all)")
    parser.add_argument("--recipe", help="one that adapts the model before it is scored")
    parser.add_argument("--items", type=int, help="items a suite (default: 64, with --fast 16)")
    parser.add_argument("--turns", type=int, help="turns of each engine (default: 3, with --fast 1)")
    parser.add_argument("--cells", action="store_true", help="what scoring takes in the cells of a run")
    options = parser.parse_args()
    if options.cells and options.recipe:
        parser.error("--cells trains the recipes of --spec; --recipe is of the engines beside each other")
    options.items = options.items or (16 if options.fast else 64)
    options.turns = options.turns or (1 if options.fast else 3)
    return options


def by_engine(options: argparse.Namespace) -> int:
    experiment = spec.load(options.spec)
    loaded = models.load(experiment.model)
    if options.recipe:
        recipe = spec.load_recipe(options.recipe, experiment.file.parent, experiment.include)
        adapted = adapt(loaded.model, recipe, seed=SEED, tokenizer=loaded.tokenizer)
        loaded = replace(loaded, model=adapted.model)
    size = experiment.evaluation.batch_size
    lines: list[list[object]] = []
    read: list[list[object]] = []
    agree = True
    for suite in experiment.suites:
        if options.suite and suite.task not in options.suite:
            continue
        task = load_task(suite.task, beside=experiment.file.parent, include=experiment.include)
        task = with_shots(task, suite)
        best = fastest(engines(loaded, size), task, options)
        lines += [[suite.task, name, *compared(each, best[PLAIN]), each.engine] for name, each in best.items()]
        agree = agree and best[HARNESS].apart(best[PLAIN]) <= APART
        read.append([suite.task, *tokens(recorded(loaded, task, options.items, size), size)])
    print(tabulate(lines, headers=HEADERS, floatfmt=FORMATS))
    print()
    print(tabulate(read, headers=("suite", "tokens in shared rows", "padding", "tokens in a row an option")))
    return 0 if agree else 1


def fastest(makers: Mapping[str, Callable[[], HFLM]], task: Task, options: argparse.Namespace) -> dict[str, Run]:
    """Return the fastest of each engine's turns on a task."""
    found = in_turns(list(makers), lambda name: once(makers[name](), task, options.items), turns=options.turns)
    return {name: min(runs, key=lambda each: each.taken.wall) for name, runs in found.items()}


def compared(run: Run, plain: Run) -> list[object]:
    """Return items a second, the ratios of wall and CPU seconds to HFLM's, and how far scores differ."""
    return [
        len(run.scores) / run.taken.wall,
        plain.taken.wall / run.taken.wall,
        plain.taken.cpu / run.taken.cpu,
        run.apart(plain),
        f"{run.same_choices(plain)}/{len(run.scores)} same",
    ]


def tokens(requests: Sequence[Request], size: int) -> list[object]:
    """Return tokens that shared rows read, their padding's share, and tokens that a row an option would read."""
    ordered = share_rows(requests, budget=TOKENS)
    read = sum(row.length for row in ordered)
    padded = sum(len(batch) * batch[0].length for batch in cut_into_batches(ordered, size=size, budget=TOKENS))
    return [read, f"{padded / read - 1:.1%}", sum(len(context) + len(option) - 1 for _, context, option in requests)]


def by_cell(options: argparse.Namespace) -> int:
    lines: list[list[object]] = []
    with TemporaryDirectory() as scratch:
        changes = {"seeds": [42], "controls": [], "training": {"max_steps": 1}, "evaluation": {"limit": options.items}}
        file = _runs.changed(options.spec, Path(scratch) / "scored.json", changes)
        for name, settings in variants().items():
            done = _runs.run(file, Path(scratch) / f"run-{len(lines)}", settings)
            seconds = [done.score_seconds(each.cell.recipe) for each in done.results]
            shares = [each / seconds[0] for each in seconds[1:]]
            cells = [each.cell.recipe for each in done.results]
            lines.append([name, done.ended.taken.cpu, *seconds, *shares])
            print(f"  {name}: {done.ended.taken.wall:.0f} s", flush=True)
    headers = (
        "execute",
        "CPU s of the run",
        *(f"{each}, s" for each in cells),
        *(f"{each}/base" for each in cells[1:]),
    )
    print(tabulate(lines, headers=headers, floatfmt=("", *[".1f"] * (1 + len(cells)), *[".2f"] * len(cells))))
    return 0


def variants() -> Mapping[str, Sequence[str]]:
    """Return what is set for each variant: nothing, or one of the shortcuts off that a training does not take."""
    training = inspect.signature(train).parameters
    names = [name for name in _runs.switches() if name not in training]
    return {"all on": (), **{f"{name} off": ("--set", f"execute.{name}=false") for name in names}}


if __name__ == "__main__":
    sys.exit(main())

"""A whole grid through ``harness run`` beside a loop over a script that uses SFTTrainer and lm-eval as they come.

    python -m benchmarks.grid [--spec layer-selection] [--fast] [--set execute.workers=2]
    python -m benchmarks.grid --bound                    # what arithmetic allows, without running anything

The shapes are those of this folder, which stay when the shipped specs change: ``gap`` (3 seeds, 100 items a suite) and
``layer-selection``. Both sides make the same cells: the untuned model, the control with examples, every recipe with
every seed, on the same rows and items. The script starts a process for each model, as one would; half of them run
before the harness and half after, so that a machine that gets busier does not favour one. Model and suites' sources are
in the cache before either starts; what the harness prepares, probes, checks or fills for itself is inside its time. The
script has TRL's defaults in float32, ``--thrifty`` without computing activations again. Scores must agree to 0.005 on
every suite of every model, else the exit code is 1. ``--fast`` is one seed, 10 steps and 24 items.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tabulate import tabulate

from benchmarks import _machine, _runs
from benchmarks._turns import Taken, ended
from benchmarks.grid.bound import bound
from benchmarks.grid.jobs import METRICS, Job, Plan, planned
from harness import spec
from harness.records import CellResult

HERE = Path(__file__).parent
SHAPES = ("gap", "layer-selection")
CONTINUOUS = METRICS[1:]
APART = 0.005
"""Bits a byte, and nats of margin, by which the mean of a suite may differ: training rounds differently."""

Name = tuple[str, int | None]


@dataclass(frozen=True)
class Made:
    """One model: seconds of its probe, training and scoring, its scores, and the layers that a probe chose."""

    probe: float
    train: float
    score: float
    scores: Mapping[str, Mapping[str, float]]
    layers: tuple[int, ...] | None


def main() -> int:
    options = arguments()
    changes = {"set": tuple(options.set), "seeds": options.seeds, "limit": options.items}
    if options.steps:
        changes["set"] = (*changes["set"], f"training.max_steps={options.steps}")
    experiment = spec.load(HERE / f"{options.spec}.json", overrides=spec.Overrides(**changes))
    print(_machine.described())
    print(
        f"{options.spec}: seeds {', '.join(map(str, experiment.seeds))}, {experiment.training['max_steps']} steps, ",
        end="",
    )
    print(
        f"{experiment.evaluation.limit} items a suite; {'; '.join(experiment.overrides) or 'as it is frozen'}",
        flush=True,
    )
    with TemporaryDirectory() as scratch:
        plan = planned(experiment, Path(scratch), thrifty=options.thrifty)
        print(bound(plan, recomputing=not options.thrifty), flush=True)
        return 0 if options.bound else compared(plan, Path(scratch), options)


def arguments() -> argparse.Namespace:
    parser = _machine.parser(__doc__)
    parser.add_argument("--spec", default=SHAPES[0], choices=SHAPES)
    parser.add_argument("--bound", action="store_true", help="print what arithmetic allows, and end")
    parser.add_argument("--thrifty", action="store_true", help="the script computes no activations again")
    parser.add_argument("--steps", type=int, help="training steps instead of the spec's")
    parser.add_argument("--items", type=int, help="items a suite instead of the spec's")
    parser.add_argument("--seeds", type=lambda text: tuple(map(int, text.split(","))), help="instead of the spec's")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="changes the harness's side")
    options = parser.parse_args()
    if options.fast:
        options.steps, options.items = options.steps or 10, options.items or 24
        options.seeds = options.seeds or (42,)
    return options


def compared(plan: Plan, folder: Path, options: argparse.Namespace) -> int:
    names = list(plan.jobs)
    theirs, their_time = by_script({name: plan.jobs[name] for name in names[::2]}, folder)
    ours, our_time = by_harness(plan, folder, options)
    more, more_time = by_script({name: plan.jobs[name] for name in names[1::2]}, folder)
    theirs, their_time = {**theirs, **more}, their_time + more_time
    print(tabulate(lines(ours, theirs, names), headers=HEADERS, floatfmt=FORMATS))
    print(f"\nwhole grid: harness {said(our_time)}, script {said(their_time)}:")
    print(f"{their_time.wall / our_time.wall:.2f} times as long, {their_time.cpu / our_time.cpu:.2f} of the CPU")
    worst = max(difference(ours[name], theirs[name]) for name in names)
    print(f"largest difference of a suite's mean: {worst:.1e} (allowed: {APART})")
    return 0 if worst <= APART else 1


def said(taken: Taken) -> str:
    return f"{taken.wall:.0f} s ({taken.cpu:.0f} CPU s)"


def by_harness(plan: Plan, folder: Path, options: argparse.Namespace) -> tuple[dict[Name, Made], Taken]:
    words = [word for option in plan.experiment.overrides for word in option.split(" ", 1)]
    done = _runs.run(HERE / f"{options.spec}.json", folder / "run", words)
    return {(each.cell.recipe, each.cell.seed): made(each) for each in done.results}, done.ended.taken


def made(result: CellResult) -> Made:
    info = result.train_info
    return Made(
        probe=sum(each.seconds for each in info.probes if not each.shared) if info else 0.0,
        train=info.train_time if info else 0.0,
        score=sum(each.seconds for each in result.evaluations),
        scores={each.task: {name: each.metrics[f"{name},none"] for name in METRICS} for each in result.evaluations},
        layers=info.layers if info and info.probes else None,
    )


def by_script(jobs: Mapping[Name, Job], folder: Path) -> tuple[dict[Name, Made], Taken]:
    found, whole = {}, Taken(0.0, 0.0)
    for name, job in jobs.items():
        file = folder / "job.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        done = ended([sys.executable, HERE / "otherwise.py", file])
        said = json.loads(done.printed.splitlines()[-1])
        layers = None if said["layers"] is None else tuple(said["layers"])
        found[name] = Made(**said["seconds"], scores=said["scores"], layers=layers)
        whole += done.taken
        print(f"  script: {label(name)}, {done.taken.wall:.0f} s", flush=True)
    return found, whole


HEADERS = ("model", "probe s", "script", "train s", "script", "score s", "script", "bits/byte", "script", "layers")
FORMATS = ("", *[".1f"] * 6, ".4f", ".4f", "")


def lines(ours: Mapping[Name, Made], theirs: Mapping[Name, Made], names: list[Name]) -> list[list[Any]]:
    """Return a line a model: seconds, the mean over suites of bits a byte, and whether the same layers were chosen."""
    found = []
    for name in names:
        mine, other = ours[name], theirs[name]
        pairs = [each for part in ("probe", "train", "score") for each in (getattr(mine, part), getattr(other, part))]
        layers = "" if mine.layers is None else "same" if mine.layers == other.layers else "others"
        found.append([label(name), *pairs, bits(mine), bits(other), layers])
    return found


def label(name: Name) -> str:
    return name[0] if name[1] is None else f"{name[0]}, seed {name[1]}"


def bits(model: Made) -> float:
    return sum(each["answer_bits_per_byte"] for each in model.scores.values()) / len(model.scores)


def difference(mine: Made, other: Made) -> float:
    """Return the largest difference of a continuous score's mean over any suite."""
    return max(abs(mine.scores[task][name] - other.scores[task][name]) for task in other.scores for name in CONTINUOUS)


if __name__ == "__main__":
    sys.exit(main())

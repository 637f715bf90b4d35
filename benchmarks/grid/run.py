"""A grid through ``harness run`` beside the same grid as a loop over a script of one's own.

    python benchmarks/grid/run.py [--steps 10] [--items 40] [--seeds 42]

Both make the same models (the base, full fine-tuning, LoRA in the last half of the layers) from the same rows with
the same training arguments, and score them on the suites of ``specs/gap.json``: harness in one command, which also
checks for contamination, guards every cell and ends with verdicts; the other (`otherwise.py`) as a process a model,
with SFTTrainer and lm-eval's HFLM as they come. Model and suites are in the cache before either starts. Wall times
are compared; the scores beside them show that both did the same. Run it on an idle machine: the load average is
printed for that reason.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from harness import spec
from harness.ledger import RunFolder
from harness.records import CellResult
from harness.sources import models
from harness.sources.data import COLUMNS
from harness.spec.records import Experiment, Suite
from harness.suites.examples import with_shots
from harness.suites.load import load_task
from harness.suites.scored import scored_places
from harness.training.rows import training_rows

HERE = Path(__file__).parent
TASKS = HERE.parents[1] / "tasks"
METRICS = ("acc", "answer_bits_per_byte", "answer_margin")
LORA = {
    "r": 16,
    "lora_alpha": 32,
    "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    "layers_to_transform": list(range(15, 30)),
    "task_type": "CAUSAL_LM",
}
ADAPTERS: dict[str, dict[str, Any] | None] = {"full--default": None, "lora--last-half": LORA}


@dataclass(frozen=True)
class Made:
    """One model of the grid: seconds of training and scoring, and its scores by task and metric."""

    train: float
    score: float
    scores: dict[str, dict[str, float]]


def main() -> None:
    options = arguments()
    changes = {"seeds": options.seeds, "set": (f"training.max_steps={options.steps}",), "limit": options.items}
    experiment = spec.load("gap", overrides=spec.Overrides(**changes))
    print(f"{os.cpu_count()} cores, load average before the run {os.getloadavg()[0]:.1f}")
    print(f"{options.steps} steps, {options.items} items a suite, seeds {options.seeds}\n")
    with tempfile.TemporaryDirectory() as scratch:
        jobs = dict(prepared(experiment, Path(scratch)))
        ours, our_seconds = by_harness(experiment, Path(scratch))
        theirs, their_seconds = by_script(jobs, Path(scratch))
    print(tabulate(rows(ours, theirs), headers=HEADERS, floatfmt=("", ".1f", ".1f", ".1f", ".1f", ".4f", ".4f")))
    print(
        f"\nwhole grid: harness {our_seconds:.0f} s, script {their_seconds:.0f} s, "
        f"{their_seconds / our_seconds:.2f} times as long"
    )


HEADERS = ["model", "train s", "script", "score s", "script", "bits/byte", "script"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--seeds", type=lambda text: tuple(map(int, text.split(","))), default=(42,))
    return parser.parse_args()


def prepared(experiment: Experiment, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fill the cache, write the rows, and yield each model's job by its name."""
    tokenizer = models.tokenizer(experiment.model)
    trained_on = training_rows(experiment, tokenizer)
    lines = [json.dumps({column: row[column] for column in COLUMNS}) for row in trained_on]
    (folder / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    common = {
        "model": str(models.folder(experiment.model)),
        "rows": str(folder / "rows.jsonl"),
        "tasks": {suite.task: asked(suite, experiment) for suite in experiment.suites},
        "metrics": METRICS,
        "include": str(TASKS),
        "batch_size": experiment.evaluation.batch_size,
    }
    yield "base", {**common, "trains": False}
    for seed in experiment.seeds:
        for recipe in experiment.recipes:
            if recipe.id in ADAPTERS:
                fields = {**experiment.training_of(recipe), "seed": seed, "data_seed": seed}
                lora = ADAPTERS[recipe.id]
                yield f"{recipe.id}, seed {seed}", {**common, "trains": True, "training": fields, "lora": lora}


def asked(suite: Suite, experiment: Experiment) -> dict[str, Any]:
    """Return how many examples stand before each item of a suite, and which items are scored (null: all)."""
    task = with_shots(load_task(suite.task), suite)
    return {"shots": task.config.num_fewshot, "items": scored_places(task, suite, experiment.evaluation)}


def by_harness(experiment: Experiment, folder: Path) -> tuple[dict[str, Made], float]:
    words = ["run", "gap", "--out", str(folder / "run")]
    for option in experiment.overrides:
        words += option.split(" ", 1)
    seconds = timed([sys.executable, "-m", "harness", *words])[1]
    outcomes = [each for each in RunFolder(folder / "run").outcomes if isinstance(each, CellResult)]
    return {name_of(each): made(each) for each in outcomes}, seconds


def name_of(result: CellResult) -> str:
    return "base" if result.cell.seed is None else f"{result.cell.recipe}, seed {result.cell.seed}"


def made(result: CellResult) -> Made:
    return Made(
        train=result.train_info.train_time if result.train_info else 0.0,
        score=sum(each.seconds for each in result.evaluations),
        scores={each.task: {name: each.metrics[f"{name},none"] for name in METRICS} for each in result.evaluations},
    )


def by_script(jobs: dict[str, dict[str, Any]], folder: Path) -> tuple[dict[str, Made], float]:
    found, seconds = {}, 0.0
    for name, job in jobs.items():
        file = folder / "job.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        output, taken = timed([sys.executable, str(HERE / "otherwise.py"), str(file)])
        said = json.loads(output.splitlines()[-1])
        found[name] = Made(**said["seconds"], scores=said["scores"])
        seconds += taken
    return found, seconds


def timed(words: list[str]) -> tuple[str, float]:
    """Run a command and return what it printed and its wall seconds; what it says aside is shown if it fails."""
    began = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout, time.perf_counter() - began


def rows(ours: dict[str, Made], theirs: dict[str, Made]) -> list[list[Any]]:
    """Return a line a model: seconds, and the mean over suites of the score that is continuous."""
    return [
        [name, ours[name].train, each.train, ours[name].score, each.score, bits(ours[name]), bits(each)]
        for name, each in theirs.items()
    ]


def bits(model: Made) -> float:
    return sum(each["answer_bits_per_byte"] for each in model.scores.values()) / len(model.scores)


if __name__ == "__main__":
    main()

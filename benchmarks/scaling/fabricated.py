"""A finished run made of numbers, through the ledger's own functions: what a run of that size leaves on disk."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._runs import FROZEN
from harness import spec
from harness.ledger import RunFolder
from harness.ledger.lock import Lock, write_lock
from harness.records import (
    Cell,
    CellResult,
    Costs,
    DatasetInfo,
    Evaluation,
    Measurement,
    MetaInfo,
    ModelInfo,
    RunInfo,
    SystemInfo,
    TrainRecord,
)
from harness.spec.records import Experiment, Suite

RECIPES = (
    "full--default",
    "lora--last-half",
    "lora--all-layers",
    "aletheia--25",
    "aletheia--50",
    "aletheia--75",
    "aletheia--last-half",
    "aletheia--random-half",
    "aletheia--standard",
    "aletheia--50-matched",
    "lora--gradient-half",
    "ia3--default",
)
"""What cells are called; nothing of them is trained."""

STEPS = 200
TIME = "2026-11-28T00-00-00.000000"
META = MetaInfo(
    model_info=ModelInfo(sha256="0", dtype="float32"),
    dataset_info=DatasetInfo(sha256="1"),
    package_info={"torch": "2"},
    system_info=SystemInfo(python="3", machine="x", system="Linux", device="cpu", threads=1),
)


@dataclass(frozen=True)
class Size:
    """How many recipes, seeds, and items a suite a run has."""

    recipes: int
    seeds: int
    items: int

    @property
    def cells(self) -> int:
        """The trained ones, and the untuned model's."""
        return 1 + self.recipes * self.seeds


def experiment(size: Size) -> Experiment:
    """Return the frozen shape of `gap` with so many recipes and seeds."""
    names = list(RECIPES[: size.recipes])
    changes = (
        f"recipes={json.dumps(names)}",
        f"comparison.candidates={json.dumps(names[1:])}",
        "controls=[]",
        f"evaluation.limit={size.items}",
    )
    seeds = tuple(range(1, size.seeds + 1))
    return spec.load(FROZEN, overrides=spec.Overrides(set=changes, seeds=seeds))


def written(size: Size, folder: Path) -> RunFolder:
    """Write the run, but for the outcomes of its cells."""
    made = experiment(size)
    write_lock(folder, Lock(cells=tuple(cell.id for cell in cells(made)), experiment=made))
    run = RunFolder(folder)
    for number, cell in enumerate(cells(made)):
        rng = np.random.default_rng([size.items, number])
        for suite in made.suites:
            _write_samples(run.cell_folder(cell) / "eval" / suite.task, suite, size.items, rng)
    return run


def cells(made: Experiment) -> Iterator[Cell]:
    """Yield the untuned model's cell and the trained ones, seed by seed."""
    yield Cell(id="base", recipe="base", seed=None)
    for seed in made.seeds:
        for recipe in made.recipes:
            yield Cell(id=f"{recipe.id}--s{seed}", recipe=recipe.id, seed=seed)


def outcomes(made: Experiment) -> Iterator[CellResult]:
    """Yield the result of every cell as an executor records it."""
    for cell in cells(made):
        yield result(cell, made)


def result(cell: Cell, made: Experiment) -> CellResult:
    """Return the result of a cell as a worker tells it."""
    evaluations = tuple(
        Evaluation(
            task=suite.task,
            items=int(made.evaluation.limit or 0),
            metrics={f"{suite.metric},none": 0.5},
            results=f"eval/{suite.task}/m/results_{TIME}.json",
            samples=f"eval/{suite.task}/m/samples_{suite.task}_{TIME}.jsonl",
            scorer="shared-prompt",
            seconds=1.0,
        )
        for suite in made.suites
    )
    return CellResult(
        cell=cell,
        run_info=RunInfo(experiment_name=made.name, seed=cell.seed),
        train_info=None if cell.seed is None else _training(),
        meta_info=META,
        costs=Costs(seconds={"train": 1.0, "evaluate": 1.0}, rss_max=2**30),
        evaluations=evaluations,
    )


def _training() -> TrainRecord:
    return TrainRecord(
        num_trainable_params=1,
        num_total_params=2,
        layers=tuple(range(30)),
        modules=210,
        train_time=1.0,
        steps=STEPS,
        examples=8 * STEPS,
        tokens=250 * STEPS,
        losses=tuple(1 / step for step in range(1, STEPS + 1)),
        total_flos=1.0,
        flops=1.0,
        order=tuple(f"{step:012x}" for step in range(STEPS)),
        footprint=1,
        start_sha256="2",
        measurements={name: Measurement(name=name, passed=True, value=0.1) for name in ("rank", "drift", "norm")},
    )


def _write_samples(folder: Path, suite: Suite, items: int, rng: np.random.Generator) -> None:
    """Write lm-eval's two files of a suite: 4 options an item, clusters of 5 items."""
    place = folder / "m"
    place.mkdir(parents=True)
    likelihoods = rng.normal(-12.0, 3.0, (items, 4))
    lines = (json.dumps(_sample(number, suite, likelihoods[number])) for number in range(items))
    samples = place / f"samples_{suite.task}_{TIME}.jsonl"
    samples.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    noted = {
        "versions": {suite.task: 1.0},
        "n-shot": {suite.task: suite.num_fewshot or 0},
        "higher_is_better": {suite.task: {suite.metric: True}},
        "config": {"batch_size": 8, "model_dtype": "float32"},
    }
    (place / f"results_{TIME}.json").write_text(json.dumps(noted), encoding="utf-8")


def _sample(number: int, suite: Suite, likelihoods: Any) -> dict[str, Any]:
    prompt = f"Question: which of the fields of object {number} does this describe: {'words ' * 20}?\nAnswer:"
    pairs = [[str(each), "False"] for each in likelihoods]
    return {
        "doc_id": number,
        "doc": {
            "question": prompt,
            "choices": list("abcd"),
            "answer": 0,
            "cluster": f"c{number // 5}",
            "form": "field",
        },
        "target": "0",
        "arguments": {f"gen_args_{k}": {"arg_0": prompt, "arg_1": f" {option}"} for k, option in enumerate("abcd")},
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc", suite.metric],
        "doc_hash": _digest(f"doc {number}"),
        "prompt_hash": _digest(prompt),
        "target_hash": _digest("0"),
        "acc": float(likelihoods.argmax() == 0),
        suite.metric: float(likelihoods.argmax() == 0) if suite.metric == "acc" else _margin(likelihoods),
    }


def _margin(likelihoods: Any) -> float:
    return float((likelihoods[0] - likelihoods[1:].max()) / np.log(2))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

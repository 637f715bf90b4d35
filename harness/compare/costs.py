"""What each recipe of a run took: time, memory, disk and money, and how much faster it trains than the reference.

Everything here was measured on the machine at hand. It is written to ``costs.json``, so that ``verdict.json`` holds
nothing but what follows from scores and spec.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import mean
from typing import Any

from harness.codec import encode
from harness.compare.search_cost import SearchCost, search_cost
from harness.compare.serving import Serving, summarise_serving
from harness.compare.summaries import MeanAndSD, results_of
from harness.ledger import Outcome, RunFolder
from harness.records import CellResult, MatchedSize, TrainRecord
from harness.spec.records import Experiment
from harness.statistics.speedup import SpeedUp, speed_up

FORMAT = 1
"""Version of ``costs.json``; it changes when a field changes its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeCosts:
    """One recipe's costs, means over its finished cells; sizes in bytes, times in seconds.

    `model` is the label of the base model. `layers` is how many decoder layers hold something trainable, of
    `total_layers` where the model's config is known; `weights` is the model's size in memory while training,
    `peak_memory` that of the process or the accelerator, `saved` what is kept on disk. `seconds` are those of all
    stages of a cell, `evaluate_seconds` those of scoring each suite, by task, `price` what they cost at the declared
    rate.

    Speed-ups are against the reference over the seeds that both have finished, None for the reference itself and for
    fewer than two seeds. `speed_up_with_probes` counts `probe_seconds` too: what ranking layers or preparing weights by
    data took.
    """

    model: str
    recipe: str
    cells: int
    layers: int
    total_layers: int | None
    trainable: int
    parameters: int
    weights: float
    peak_memory: float
    saved: float
    seconds: float
    evaluate_seconds: Mapping[str, float]
    price: float | None
    train_seconds: MeanAndSD
    tokens_per_second: float
    probe_seconds: float
    speed_up: SpeedUp | None
    speed_up_with_probes: SpeedUp | None
    matched: MatchedSize | None
    serving: Serving | None

    @property
    def trainable_share(self) -> float:
        """The part of all parameters that trains."""
        return self.trainable / self.parameters

    @property
    def probe_share(self) -> float:
        """The time of probes as a part of the training time."""
        return self.probe_seconds / self.train_seconds.mean


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCosts:
    """The costs of every recipe that has a finished cell, in the order of the spec.

    `workers` is the largest number of cells that ran at once: above 1, times are those of a shared machine. `search` is
    what a search in phases cost, None without one.
    """

    reference: str
    recipes: tuple[RecipeCosts, ...]
    workers: int = 1
    search: SearchCost | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``costs.json``: plain JSON values."""
        value = {"format": FORMAT, **encode(self)}
        return value if self.search is not None else {key: each for key, each in value.items() if key != "search"}


def costs_of(run: RunFolder) -> RunCosts:
    """Sum up what the finished cells of a run took."""
    experiment, outcomes = run.experiment, run.outcomes
    found = {recipe.id: results_of(outcomes, recipe.id) for recipe in experiment.recipes}
    return RunCosts(
        reference=experiment.comparison.reference,
        recipes=tuple(_costs(experiment, outcomes, recipe, results) for recipe, results in found.items() if results),
        search=search_cost(run.found, results_of(outcomes, experiment.comparison.reference)) if run.found else None,
        workers=max([each.meta_info.system_info.workers for each in chain(*found.values())], default=1),
    )


def _costs(
    experiment: Experiment, outcomes: Sequence[Outcome], recipe: str, results: Sequence[CellResult]
) -> RecipeCosts:
    first, trainings = results[0].training, [each.training for each in results]
    seconds, per_hour = mean(each.costs.total_seconds for each in results), experiment.cost.get("per_hour")
    reference = experiment.comparison.reference
    trained = [each for each in results_of(outcomes, reference) if each.train_info is not None]
    others = trained if recipe != reference else []
    return RecipeCosts(
        model=results[0].cell.model or experiment.model.name,
        recipe=recipe,
        cells=len(results),
        layers=len(first.layers),
        total_layers=(experiment.model.config or {}).get("num_hidden_layers"),
        trainable=first.num_trainable_params,
        parameters=first.num_total_params,
        weights=mean(each.footprint for each in trainings),
        peak_memory=mean(each.costs.memory or 0 for each in results),
        saved=mean(each.costs.file_size or 0 for each in results),
        seconds=seconds,
        evaluate_seconds=_evaluate_seconds(results),
        price=None if per_hour is None else seconds / 3600 * per_hour,
        train_seconds=MeanAndSD.of([each.train_time for each in trainings]),
        tokens_per_second=mean(each.tokens_per_second for each in trainings),
        probe_seconds=mean(each.probe_seconds for each in trainings),
        speed_up=_speed_up(others, results, lambda record: record.train_time),
        speed_up_with_probes=_speed_up(others, results, lambda record: record.train_time + record.probe_seconds),
        matched=first.matched,
        serving=summarise_serving(results),
    )


def _evaluate_seconds(results: Sequence[CellResult]) -> dict[str, float]:
    """Return the mean time of scoring each suite that every cell has scored."""
    tasks = dict.fromkeys(each.task for result in results for each in result.evaluations)
    every = [each for result in results for each in result.evaluations]
    times = {task: [each.seconds for each in every if each.task == task] for task in tasks}
    return {task: mean(seconds) for task, seconds in times.items() if len(seconds) == len(results)}


def _speed_up(
    reference: Sequence[CellResult], candidate: Sequence[CellResult], seconds: Callable[[TrainRecord], float]
) -> SpeedUp | None:
    """Pair the times of the seeds that both have."""
    first, second = ({each.cell.seed: seconds(each.training) for each in results} for results in (reference, candidate))
    shared = [seed for seed in first if seed in second]
    return speed_up([first[seed] for seed in shared], [second[seed] for seed in shared])

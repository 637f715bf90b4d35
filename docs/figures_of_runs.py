"""Figures of a run by which claims are decided: by name, each with its interval and over what that is.

An extract keeps them of each candidate. Those that a claim asks for itself (``weights``, ``scores``, ``steps`` among
how it is decided) are of the run and candidate that it names alone. What is made of scores is the comparator's contrast
of them, item by item and seed by seed; what has no items (times, ranks, memory) has Student's interval over seeds.
"""

import json
import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy import stats

from harness.bundle.archive import is_bundle, unpack
from harness.compare.design_of_run import design_of
from harness.compare.scores import SuiteScores, read_suite
from harness.errors import ComparisonError
from harness.ledger import read
from harness.statistics.contrast import contrast
from harness.statistics.moments import moments
from harness.statistics.share import share_set

Json = dict[str, Any]

LEVEL = 0.95
TAIL = (1 - LEVEL) / 2
UNTUNED = "base"
"""What a run calls the model before any training."""
CONTRASTED = "answer_margin"
SMOOTHED = 5
"""Steps over which a loss is the mean."""
EFFECT, EXTRA, OVER = "effect of ", "extra cost of ", "accuracy over "
CONTRAST, DIFFERENCE, STEPS = "contrast: ", "difference: ", "steps saved: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An estimate with its interval, and over what the interval is."""

    estimate: float
    interval: tuple[float, float]
    over: str

    @classmethod
    def of_verdict(cls, found: Json, level: float) -> "Figure":
        """Take a difference as the verdict has it."""
        low, high = found["interval"]
        return cls(estimate=found["estimate"], interval=(low, high), over=f"seeds and items, {level:.1%}")

    @classmethod
    def of_scores(cls, differences: "np.ndarray[Any, Any]", scores: SuiteScores) -> "Figure":
        """Take the mean of differences ``(seeds, items)`` with the comparator's interval."""
        reduced = moments(differences, scores.clusters, fixed=scores.suite.fixed_items)
        found = contrast((reduced,), (1.0,))
        low, high = map(float, found.interval(TAIL))
        return cls(estimate=float(found.estimate), interval=(low, high), over=_over(differences))

    @classmethod
    def over_seeds(cls, values: Sequence[float]) -> "Figure | None":
        """Take the mean over seeds with Student's interval; None of fewer than two."""
        if len(values) < 2:  # noqa: PLR2004 - a variance needs two
            return None
        mean, error = statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values))
        reach = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
        return cls(
            estimate=mean, interval=(mean - reach, mean + reach), over=f"{len(values)} seeds, {LEVEL:.0%} (Student's t)"
        )


def _over(differences: "np.ndarray[Any, Any]") -> str:
    seeds, items = differences.shape
    return f"{seeds} seeds and {items} items, {LEVEL:.0%}"


Reader = Callable[[str, str, Sequence[str]], SuiteScores | None]
"""Gives recipes' scores on a task by a metric, item by item; None where they cannot be held against each other."""


def _nothing(task: str, metric: str, recipes: Sequence[str]) -> None:
    del task, metric, recipes


def _reader(folder: Path) -> Reader:
    """Return what reads the scores of a run's cells."""
    design = design_of(read(folder))
    beside = [arm for each in design.varied for arm in (each.centre, each.arm)]
    arms = {arm.name: arm for arm in (*design.arms, *beside)}
    suites = {suite.task: suite for suite in design.suites}

    @cache
    def scores(task: str, metric: str, recipes: tuple[str, ...]) -> SuiteScores | None:
        trained = [name for name in recipes if name != UNTUNED]
        if task not in suites or not set(trained) <= set(arms):
            return None
        first, *others = [arms[name] for name in trained]
        asked = replace(
            design.beside(first, *(others or [arm for arm in arms.values() if arm is not first][:1])),  # it takes two
            base=design.base if UNTUNED in recipes else None,
            suites=(replace(suites[task], metric=metric, role="in_domain"),),
            controls=(),
            identical_runs="allow",
        )
        try:
            return read_suite(asked, asked.suites[0])
        except ComparisonError:
            return None

    return lambda task, metric, recipes: scores(task, metric, tuple(recipes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run folder or an unpacked bundle says of one of its candidates."""

    lock: Json
    verdict: Json
    cells: tuple[Json, ...]
    candidate: str
    reference: str
    scores: Reader = _nothing

    @classmethod
    def read(cls, folder: Path) -> "Iterator[Run]":
        """Read its files; yield it for each candidate."""
        cells = [json.loads(path.read_text()) for path in sorted(folder.glob("cells/*/result.json"))]
        lock, verdict = (json.loads((folder / name).read_text()) for name in ("spec.lock.json", "verdict.json"))
        whole = cls(
            lock=lock,
            verdict=verdict,
            cells=tuple(each for each in cells if each.get("train_info")),
            candidate="",
            reference=str(verdict["reference"]),
            scores=_reader(folder),
        )
        yield from (replace(whole, candidate=candidate) for candidate in verdict["candidates"])

    def of(self, recipe: str) -> dict[int, Json]:
        """Return the trained cells of a recipe by seed."""
        return {int(each["cell"]["seed"]): each for each in self.cells if each["cell"]["recipe"] == recipe}

    @property
    def in_domain(self) -> str:
        """The first task in-domain."""
        return str(next(each["task"] for each in self.lock["experiment"]["suites"] if each["role"] == "in_domain"))

    @property
    def pairs(self) -> list[tuple[Json, Json]]:
        """The candidate's and the reference's cells of each seed that both have."""
        mine, theirs = self.of(self.candidate), self.of(self.reference)
        return [(mine[seed], theirs[seed]) for seed in sorted(set(mine) & set(theirs))]

    def judged(self, kind: str) -> Json | None:
        """Return what the verdict says first of the candidate in one of its lists."""
        return next((each for each in self.verdict[kind] if each["candidate"] == self.candidate), None)


def _gap(run: Run) -> Figure | None:
    found = run.judged("comparisons")
    return None if found is None else Figure.of_verdict(found["gap_in"], run.verdict["level"])


def _extra_forgetting(run: Run) -> Figure | None:
    found = run.judged("extra_forgetting")
    return None if found is None else Figure.of_verdict(found["gap"], run.verdict["extra_level"])


def _top_half(run: Run) -> Figure | None:
    return Figure.over_seeds([_share_of_top_half(cell["train_info"]["probes"][0]["scores"]) for cell in _probed(run)])


def _share_of_top_half(norms: Sequence[float]) -> float:
    return sum(sorted(norms, reverse=True)[: len(norms) // 2]) / sum(norms)


def _probed(run: Run) -> list[Json]:
    return [cell for cell in run.of(run.candidate).values() if cell["train_info"]["probes"]]


def _probe_share(run: Run) -> Figure | None:
    shares = []
    for cell in _probed(run):
        seconds, trained = cell["costs"]["seconds"], cell["train_info"]
        if "probe" in seconds:  # in another run of the same seed it may have been shared
            shares.append(seconds["probe"] / (trained["train_time"] / trained["steps"] * 200 * 2))
    return Figure.over_seeds(shares)


def _time_saved(run: Run) -> Figure | None:
    if any(cell["meta_info"]["system_info"]["workers"] != 1 for cell in run.cells):
        return None  # beside another cell a time follows what that one did
    times = [(one["train_info"]["train_time"], other["train_info"]["train_time"]) for one, other in run.pairs]
    return Figure.over_seeds([1 - one / other for one, other in times])


def _peak_over_weights(run: Run) -> Figure | None:
    cells = run.of(run.reference).values()
    return Figure.over_seeds([cell["costs"]["rss_max"] / cell["train_info"]["footprint"] for cell in cells])


def _accuracy_kept(run: Run) -> Figure | None:
    """Take the ratio of two accuracies with the set of those that the data do not tell from it (Fieller)."""
    found = _both(run)
    if found is None:
        return None
    mine, theirs, scores = found
    kept = share_set(mine, theirs, TAIL, clusters=scores.clusters, fixed=scores.suite.fixed_items)
    if kept.estimate is None or kept.kind != "bounded":
        return None
    return Figure(estimate=kept.estimate, interval=(kept.intervals[0][0], kept.intervals[-1][1]), over=_over(mine))


def _both(run: Run) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], SuiteScores] | None":
    """Return the accuracies of the candidate and of the reference in-domain ``(seeds, items)``, of seeds with both."""
    names = (run.candidate, run.reference)
    scores = run.scores(run.in_domain, "acc", names)
    if scores is None:
        return None
    mine, theirs = (scores.values[name] for name in names)
    kept = np.isfinite(mine + theirs).all(axis=1)
    return (mine[kept], theirs[kept], scores) if kept.sum() > 1 else None


def _accuracy_gap(run: Run) -> Figure | None:
    return _weighted(run, run.in_domain, "acc", {run.candidate: 1, run.reference: -1})


def _weighted(run: Run, task: str, metric: str, weights: Mapping[str, float]) -> Figure | None:
    """Take the sum of recipes' scores times their weights; the untuned model's stand beside those of each seed."""
    scores = run.scores(task, metric, tuple(weights))
    if scores is None or not set(weights) <= set(scores.values):
        return None
    rows = sum(weight * scores.values[recipe] for recipe, weight in weights.items())
    kept = np.asarray(rows)[np.isfinite(rows).all(axis=1)]
    return Figure.of_scores(kept, scores) if len(kept) > 1 else None


def _ranks_in_use(run: Run) -> Figure | None:
    ranks = [cell["train_info"]["measurements"]["ranks_alive"]["details"] for cell in run.of(run.candidate).values()]
    return Figure.over_seeds([each["least"]["above"] / each["least"]["declared"] for each in ranks if each])


def _growth_of_best_rank(run: Run) -> Figure | None:
    """Take the exponent in-domain as the verdict has it; None where some seed has no best rank within the grid."""
    for each in run.verdict.get("growth", []):
        if (each["centre"], each["task"]) == (run.candidate, run.in_domain) and each["exponent"] is not None:
            low, high = each["interval"]
            level = run.verdict["growth_level"]
            return Figure(estimate=each["exponent"], interval=(low, high), over=f"seeds, {level:.1%} (Student's t)")
    return None


def _passes_of_least_loss(run: Run) -> Figure | None:
    """Take, seed by seed, the passes over its rows after which the loss on held-out rows was least."""
    found = [cell["train_info"] for cell in run.of(run.candidate).values()]
    courses = [(each, each["validation_losses"]) for each in found if each.get("validation_losses")]
    least = [(each, min(course, key=lambda pair: pair[1])[0]) for each, course in courses]
    return Figure.over_seeds([step / each["steps"] * each["examples"] / each["rows"]["total"] for each, step in least])


def _steps_ratio(run: Run) -> Figure | None:
    """Take the candidate's steps over the reference's, where some seed has others."""
    ratios = [one["train_info"]["steps"] / other["train_info"]["steps"] for one, other in run.pairs]
    return Figure.over_seeds(ratios) if any(each != 1 for each in ratios) else None


def _effects(run: Run) -> Iterator[tuple[str, Figure]]:
    """Yield what each variant of the candidate did on each suite, named ``effect of rank=4 on k8s_qa``."""
    for each in run.verdict.get("effects", []):
        if each["gap"]["reference"] == run.candidate:
            levels = ", ".join(f"{factor}={level}" for factor, level in each["levels"].items())
            found = Figure.of_verdict(each["gap"]["gap"], run.verdict["effects_level"])
            yield f"{EFFECT}{levels} on {each['gap']['task']}", found


def _interactions(run: Run) -> Iterator[tuple[str, Figure]]:
    """Yield what levels cost the candidate beyond another recipe, named ``extra cost of rows=noise on k8s_qa``."""
    for each in run.verdict.get("interactions", []):
        if each["centre"] == run.candidate and each["gap"] is not None:
            levels = ", ".join(f"{factor}={level}" for factor, level in each["levels"].items())
            found = Figure.of_verdict(each["gap"], run.verdict["interactions_level"])
            yield f"{EXTRA}{levels} on {each['task']}", found


def _accuracies_over(run: Run) -> Iterator[tuple[str, Figure]]:
    """Yield its accuracy in-domain minus that of each variant of it, named ``accuracy over lora--r8-rank-4``."""
    for other in {each["gap"]["candidate"] for each in run.verdict.get("effects", [])}:
        if other.startswith(f"{run.candidate}-") and (found := _accuracy_gap(replace(run, reference=other))):
            yield f"{OVER}{other}", found


def parts(how: Json) -> Sequence[Json]:
    """Return what is asked of a run by a way to decide: its `parts`, or itself."""
    named = {"run": how["run"]} if "run" in how else {}
    return [{**named, **each} for each in how.get("parts", (how,))]


def asked(run: Run, claims: Sequence[Json]) -> Iterator[tuple[str, Figure]]:
    """Yield what claims ask of this run and candidate alone, each by the key that says of which recipes."""
    of_recipes: Mapping[str, Callable[[Run, Any], Figure | None]]
    of_recipes = {"weights": _contrast, "scores": _difference, "steps": _steps_saved}
    for how in (part for claim in claims for part in parts(claim["decide"])):
        if (how.get("run"), how.get("candidate")) == (run.lock["experiment"]["name"], run.candidate):
            for key, figure in of_recipes.items():
                if key in how and (found := figure(run, how[key])):
                    yield how["figure"], found


def _contrast(run: Run, weights: Mapping[str, float]) -> Figure | None:
    """Take the sum of margins in-domain, each times its recipe's weight."""
    return _weighted(run, run.in_domain, CONTRASTED, weights)


def _difference(run: Run, how: Json) -> Figure | None:
    """Take the sum of scores of a `task` by a `metric`, each times its recipe's weight in `weights`."""
    return _weighted(run, how["task"], how["metric"], how["weights"])


def _steps_saved(run: Run, pair: tuple[str, str]) -> Figure | None:
    """Take the share of steps that the first recipe saves on the way to the loss that the second ends with.

    A loss is the mean of `SMOOTHED` steps. One that does not get there counts with all its steps, so saves nothing.
    """
    mine, theirs = (
        {seed: _smoothed(cell["train_info"]["losses"]) for seed, cell in run.of(recipe).items()} for recipe in pair
    )
    pairs = [(theirs[seed][-1], mine[seed], theirs[seed]) for seed in sorted(set(mine) & set(theirs))]
    return Figure.over_seeds([1 - _steps_to(loss, one) / _steps_to(loss, other) for loss, one, other in pairs])


def _smoothed(losses: Sequence[float]) -> list[float]:
    return [statistics.fmean(losses[end - SMOOTHED : end]) for end in range(SMOOTHED, len(losses) + 1)]


def _steps_to(loss: float, smoothed: Sequence[float]) -> int:
    reached = (place for place, each in enumerate(smoothed) if each <= loss)
    return next(reached, len(smoothed) - 1) + SMOOTHED


_NAMED = {
    EFFECT: ("the recipe's score minus that of its variant with {rest}, negative where the variant is better", ""),
    EXTRA: ("what {rest} costs the candidate beyond what it costs the reference, positive where more", ""),
    OVER: ("the recipe's accuracy in-domain minus that of {rest}", ""),
    CONTRAST: ("{rest}, of margins in-domain", "bits/byte"),
    DIFFERENCE: ("{rest}", ""),
    STEPS: ("share of the steps that are saved on the way to a loss, {rest}", ""),
}
"""What figures are that a run names by what it varied."""

FIGURES: Mapping[str, tuple[str, str, Callable[[Run], Figure | None]]] = {
    "gap_in": ("gap in-domain, positive where the reference is better", "bits/byte", _gap),
    "extra_forgetting": ("what the candidate loses on the guard beyond the reference", "", _extra_forgetting),
    "top_half_of_gradient": ("share of the gradient norms of the paper's equation 1 in the upper half", "", _top_half),
    "probe_share_of_200_steps": (
        "probe's time over that of 200 steps of two batches at the run's speed",
        "",
        _probe_share,
    ),
    "time_saved": ("share of the reference's training time that the candidate saves", "", _time_saved),
    "peak_over_weights": ("the reference's peak memory over its weights", "times", _peak_over_weights),
    "accuracy_kept": ("the candidate's accuracy in-domain over the reference's", "", _accuracy_kept),
    "accuracy_gap": ("the candidate's accuracy in-domain minus the reference's", "", _accuracy_gap),
    "ranks_in_use": (
        "singular values of at least a hundredth of the largest over the rank, of the module that uses its least",
        "",
        _ranks_in_use,
    ),
    "passes_of_least_loss": (
        "passes over its rows after which the loss on held-out rows is least",
        "",
        _passes_of_least_loss,
    ),
    "steps_ratio": ("the candidate's steps over the reference's", "", _steps_ratio),
    "growth_of_best_rank": (
        "exponent of the logarithm of the number of rows with which the best rank in-domain grows",
        "",
        _growth_of_best_rank,
    ),
}
"""By name what a figure is, its unit, and how a run gives it; None where it cannot."""


def extract(path: Path, claims: Sequence[Json]) -> Json:
    """Return the extract of a run folder or of a bundle, with what `claims` ask of it."""
    if is_bundle(path):
        with TemporaryDirectory() as folder:
            unpack(path, Path(folder))
            return _extracted([*Run.read(Path(folder))], claims)
    return _extracted([*Run.read(path)], claims)


def _extracted(runs: Sequence[Run], claims: Sequence[Json]) -> Json:
    run = runs[0]
    experiment, first = run.lock["experiment"], run.cells[0]
    system, packages = first["meta_info"]["system_info"], first["meta_info"]["package_info"]
    model = experiment["model"]
    return {
        "run": experiment["name"],
        "command": f"harness run {experiment['name']}",
        "model": model["member"] or model["id"] or model["path"],
        "machine": f"{system['device']}, {system['machine']}, threads: {system['threads']}, "
        f"{system['workers']} at once",
        "harness": packages["harness"],
        "torch": packages["torch"],
        "first_scores": min(moment for cell in run.cells for moment in _moments(cell)),
        "reference": run.reference,
        "seeds": len(run.of(run.reference)),
        "lock_sha256": run.lock["sha256"],
        "candidates": {each.candidate: dict(figures(each, claims)) for each in runs},
    }


def figures(run: Run, claims: Sequence[Json] = ()) -> Iterator[tuple[str, Json]]:
    """Yield by name what a run gives of its candidate."""
    fixed = ((name, found) for name, (_, _, figure) in FIGURES.items() if (found := figure(run)) is not None)
    for name, found in (
        *fixed,
        *_effects(run),
        *_interactions(run),
        *asked(run, claims),
        *sorted(_accuracies_over(run), key=lambda each: each[0]),
    ):
        low, high = found.interval
        interval = [round(low, 6), round(high, 6)]
        yield name, {"estimate": round(found.estimate, 6), "interval": interval, "over": found.over}


def meaning(name: str) -> tuple[str, str]:
    """Return what a figure is, and its unit."""
    if name in FIGURES:
        return FIGURES[name][:2]
    kind = next(each for each in _NAMED if name.startswith(each))
    what, unit = _NAMED[kind]
    return what.format(rest=name.removeprefix(kind)), unit


def _moments(cell: Json) -> Iterator[str]:
    """Yield when each evaluation ended, to the minute."""
    for each in cell["evaluations"]:
        day, time = each["results"].rsplit("results_", 1)[1].split("T")
        yield f"{day}T{time[:5].replace('-', ':')}"

"""A suite's scores of all arms as paired arrays, oriented so that higher is better."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.compare.copies import fingerprint, identical
from harness.compare.design import BASE, DEFAULT_CLUSTER, NO_CLUSTER, Arm, Design, FailedRun, ScoredRun
from harness.compare.pairing import Index, counted_once, unpaired
from harness.compare.remarks import cut_off, made_of, mixed, not_the_mean, out_of_range, remarks
from harness.compare.sources import ScoredItem, ScoredSuite, ScoreFile, read_scored_suite
from harness.compare.tidy import UNKNOWN_MODEL
from harness.compare.whole import check_recorded, units_of_a_whole
from harness.declarations.metrics import higher_is_better, metric
from harness.errors import ComparisonError, NoScoresError, said_once
from harness.spec.records import Role, Suite

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracies:
    """Of a suite with options: how many each item has, ``(items,)``, and which items an arm's runs got right.

    `right[arm]` is ``(seeds, items)`` as the scores are, rows of failed runs NaN.
    """

    options: Floats
    right: Mapping[str, Floats]
    clusters: npt.NDArray[np.int64] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteScores:
    """Scores of every arm on one suite: `values[arm]` is ``(seeds, items)``, higher is better.

    Rows of failed runs are NaN. The base model has one row, where it was scored. `clusters` is ``(items,)`` or None;
    `worst` is the lowest score there can be, or, on an open scale, the lowest that any run got on any item. `model` is
    the label of the base model, ``unknown`` where logs name none or several. Of a score over all items at once, `whole`
    (lm-eval's aggregation), `values` are pseudo-values of the units, ``(seeds, units)``, and `clusters` is None.
    """

    suite: Suite
    values: Mapping[str, Floats]
    clusters: npt.NDArray[np.int64] | None
    higher_is_better: bool
    worst: float
    model: str = UNKNOWN_MODEL
    notes: tuple[str, ...] = ()
    whole: str | None = None
    items_in_all: int | None = None
    """Number of items behind the units of a score over all items."""
    accuracies: Accuracies | None = None
    """None where items have no options, or nothing is logged of them."""
    controls: Mapping[str, Floats] = field(default_factory=dict)
    """Scores of the base with examples, by the control's name: ``(items,)``, NaN for items that it was not given."""

    @property
    def items(self) -> int:
        """Number of items."""
        return self.items_in_all or self.columns

    @property
    def columns(self) -> int:
        """Number of columns of `values`."""
        return int(next(iter(self.values.values())).shape[-1])

    @property
    def units(self) -> int:
        """Number of independently sampled units: clusters, or items where there are none."""
        return self.columns if self.clusters is None else int(self.clusters.max()) + 1

    def of_first(self, seeds: int) -> "SuiteScores":
        """Return the scores of the first seeds alone, as if no other had run."""
        values = {name: rows[:seeds] for name, rows in self.values.items()}
        right = self.accuracies and {name: rows[:seeds] for name, rows in self.accuracies.right.items()}
        return replace(
            self,
            values=values,
            worst=_worst(self.suite, values, higher=self.higher_is_better),
            accuracies=replace(self.accuracies, right=right) if self.accuracies and right else self.accuracies,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCompared:
    """A suite whose scores cannot be compared, and everything that keeps them from it."""

    task: str
    role: Role
    reasons: tuple[str, ...]


def _worst(suite: Suite, values: Mapping[str, Floats], *, higher: bool) -> float:
    known = metric(suite.metric)
    bound = known.low if higher else -known.high
    return bound if np.isfinite(bound) else float(np.nanmin(np.concatenate(list(values.values()))))


def read_scores(design: Design) -> tuple[SuiteScores, ...]:
    """Read every suite of a design. Raises `ComparisonError` with the problems of all suites at once."""
    scores, left_out = read_comparable(design)
    if left_out:
        raise cannot_be_compared(left_out)
    return scores


def read_comparable(design: Design) -> tuple[tuple[SuiteScores, ...], tuple[NotCompared, ...]]:
    """Read every suite of a design that can be compared, and say of the others why not."""
    scores: list[SuiteScores] = []
    left_out: list[NotCompared] = []
    for suite in design.suites:
        try:
            scores.append(read_suite(design, suite))
        except ComparisonError as error:
            reasons = said_once(str(error).splitlines())
            left_out.append(NotCompared(task=suite.task, role=suite.role, reasons=reasons))
    return tuple(scores), tuple(left_out)


@dataclass(slots=True)
class Reading:
    """Reads designs one after the other and keeps, said once, what of them cannot be compared."""

    _left_out: dict[NotCompared, None] = field(default_factory=dict)

    def of(self, design: Design) -> tuple[SuiteScores, ...]:
        """Return the scores of every suite of a design that can be compared."""
        scores, left_out = read_comparable(design)
        self._left_out.update(dict.fromkeys(left_out))
        return scores

    def left_out(self, known: Collection[NotCompared] = ()) -> tuple[NotCompared, ...]:
        """Return what could not be compared and is not `known`."""
        return tuple(each for each in self._left_out if each not in known)


def cannot_be_compared(left_out: Iterable[NotCompared]) -> ComparisonError:
    """Return the error that says all of it at once."""
    return ComparisonError("\n".join(said_once(reason for each in left_out for reason in each.reasons)))


def read_suite(design: Design, suite: Suite) -> SuiteScores:
    """Read one suite's sample files of every arm; the base model must have them in guards, and may elsewhere."""
    return _Reader(design, suite).read()


def common_model(labels: Iterable[str]) -> str:
    """Return the one base model that is named, ``unknown`` where there is none or several."""
    named = set(labels)
    return named.pop() if len(named) == 1 else UNKNOWN_MODEL


class _Reader:
    """Reads the files of one suite one after the other, keeping rows of scores and everything wrong."""

    def __init__(self, design: Design, suite: Suite) -> None:
        self.design = design
        self.suite = suite
        self.index: Index | None = None
        self.clusters: npt.NDArray[np.int64] | None = None
        self.files: list[ScoreFile] = []
        self.answers: list[tuple[str, str | None]] = []
        self.whole: dict[str | None, Path] = {}
        self.options: Floats | None = None
        self.right: dict[str, list[Floats | None]] = {}
        self.problems: list[str] = []
        self.notes: list[str] = []

    def read(self) -> SuiteScores:
        rows = {arm.name: [self._row(arm, run) for run in arm.runs] for arm in self.design.arms}
        if self.design.base is not None:
            rows |= self._base(self.design.base)
        self.problems.extend(mixed(self.files, self.suite))
        self._copies()
        if not self.problems and self.index is None:
            self.problems.append(f"{self.suite.task}: no arm has a run with scores.")
        if self.problems or self.index is None:
            raise ComparisonError("\n".join(self.problems))
        if len(self.index.position) < 2:  # noqa: PLR2004
            raise ComparisonError(f"{self.suite.task} has one item: a gap takes two or more.")
        recorded = [file.higher_is_better for file in self.files if file.higher_is_better is not None]
        better = higher_is_better(
            self.suite.metric, recorded, lower_is_better=self.design.lower_is_better, task=self.suite.task
        )
        return self._oriented(rows, len(self.index.position), higher=better)

    def _oriented(self, rows: Mapping[str, Sequence[Floats | None]], items: int, *, higher: bool) -> SuiteScores:
        sign = 1.0 if higher else -1.0
        (whole,) = self.whole
        controls = {name: sign * row for name, row in self._controls()}
        blank = np.full(next(len(row) for arm in rows.values() for row in arm if row is not None), np.nan)
        values = {name: sign * np.array([blank if row is None else row for row in arm]) for name, arm in rows.items()}
        return SuiteScores(
            suite=self.suite,
            values=values,
            clusters=None if whole else self.clusters,
            higher_is_better=higher,
            worst=_worst(self.suite, values, higher=higher),
            model=self.design.model or common_model(file.model for file in self.files),
            notes=tuple(dict.fromkeys([*self.notes, *made_of(self.suite, whole), *remarks(self.files, self.suite)])),
            whole=whole,
            items_in_all=items if whole else None,
            accuracies=self._accuracies(),
            controls=controls,
        )

    def _accuracies(self) -> Accuracies | None:
        if self.options is None:
            return None
        blank = np.full(len(self.options), np.nan)
        known = {
            name: np.array([blank if row is None else row for row in rows])
            for name, rows in self.right.items()
            if all(row is None or np.isfinite(row).all() for row in rows)
        }
        return Accuracies(options=self.options, right=known, clusters=self.clusters)

    def _controls(self) -> Iterator[tuple[str, Floats]]:
        """Yield the rows of controls that were scored on the suite, paired by document: their prompts differ."""
        for control in self.design.controls:
            (run,) = control.runs
            if isinstance(run, FailedRun) or self.index is None:
                continue
            try:
                found = read_scored_suite(run, self.suite.task, self.suite.metric, cluster=None, newest=True)
                row = None if found.whole else self.index.by_document(self._once(found))
            except NoScoresError:
                continue
            except ComparisonError as error:
                self.notes.append(f"{self.suite.task}: {control.name} is left out: {error}")
                continue
            if row is not None and np.isfinite(row).any():
                yield control.name, row
            else:
                why = "the score has no items" if found.whole else "its items cannot be told by their documents"
                self.notes.append(f"{self.suite.task}: which share of a gain {control.name} has is not known: {why}.")

    def _base(self, base: Arm) -> dict[str, list[Floats | None]]:
        """Return the base model's row, if it has scores of the suite, which only a guard insists on."""
        (run,) = base.runs
        try:
            return {base.name: [None if isinstance(run, FailedRun) else self._scored(base, run)]}
        except NoScoresError as error:
            if self.suite.role == "guard":
                self.problems.append(str(error))
            return {}
        except ComparisonError as error:
            self.problems.append(str(error))
            return {}

    def _row(self, arm: Arm, run: ScoredRun | FailedRun) -> Floats | None:
        if isinstance(run, FailedRun):
            self.right.setdefault(arm.name, []).append(None)
            return None
        try:
            return self._scored(arm, run)
        except ComparisonError as error:
            self.problems.append(str(error))
            return None

    def _scored(self, arm: Arm, run: ScoredRun) -> Floats | None:
        """Return a run's scores in the order of the first one's items; None with problems noted."""
        found = read_scored_suite(
            run, self.suite.task, self.suite.metric, cluster=self._field, newest=self.design.newest
        )
        file, items = found.file, self._once(found)
        self.files.append(file)
        if found.whole is None:
            self.notes.extend(not_the_mean(file, self.suite, found.items))
        self.answers.append((_called(arm, run), fingerprint(items)))
        problems = [*out_of_range(file, self.suite.metric, items), *cut_off(file, found.items)]
        if self.index is None:
            self.index = Index.of(file.path, items)
            self.options = self.index.options(items)
            problems.extend(self._cluster(file, items))
        problems.extend(unpaired(self.index, file.path, items))
        problems.extend(self._mixed_kinds(found))
        self.problems.extend(problems)
        if problems:
            return None
        self.right.setdefault(arm.name, []).append(self.index.accuracies(items))
        return self._values(found, items)

    def _mixed_kinds(self, found: ScoredSuite) -> Iterator[str]:
        self.whole.setdefault(found.whole, found.file.path)
        if len(self.whole) > 1:
            one, other = (f"{path} ({each or 'a number an item'})" for each, path in list(self.whole.items())[:2])
            how = f"make {self.suite.metric} of {self.suite.task} in different ways"
            yield f"{one} and {other} {how}: score all with one."

    def _values(self, found: ScoredSuite, items: Sequence[ScoredItem]) -> Floats | None:
        """Return a run's scores in canonical order, or its pseudo-values where only all items have one."""
        assert self.index is not None
        if found.whole is None:
            return self.index.scores(items)
        units = np.arange(len(items)) if self.clusters is None else self.clusters
        path, made = found.file.path, found.whole
        try:
            check_recorded(found, self.suite.metric)
            return units_of_a_whole(path, self.suite.metric, made, self.index.values(items), units)
        except ComparisonError as error:
            self.problems.append(str(error))
            return None

    def _once(self, found: ScoredSuite) -> list[ScoredItem]:
        """Return the items of a file, one of each. Raises `ComparisonError` where they contradict each other."""
        path, task = found.file.path, self.suite.task
        items, repeated = counted_once(path, found.items)
        if repeated and self.design.duplicates == "refuse":
            raise ComparisonError(f"{path} has {repeated} items more than once: remove the duplicates from the task.")
        if repeated:
            self.notes.append(f"{task}: {len(items)} items; {repeated} repetitions of them, scored alike, count once.")
        return items

    def _copies(self) -> None:
        """Note or refuse runs that gave the same answers to all items."""
        for names in identical(self.answers):
            said = (
                f"{self.suite.task}: {' and '.join(names)} have the same log-likelihoods or generated texts on all "
                "items, so that one may be a copy of the other, or an adapter was not applied"
            )
            if self.design.identical_runs == "allow":
                self.notes.append(f"{said}; they are compared because it was asked for.")
            else:
                self.problems.append(
                    f"{said}. Give each run's own logs; if it is meant, say --identical-runs allow "
                    '(in a spec: "identical_runs": "allow" in `comparison`).'
                )

    @property
    def _field(self) -> str | None:
        """The cluster field, wanted from the first file only: paired items have the same document."""
        return None if self.index is not None or self.suite.cluster == NO_CLUSTER else self.suite.cluster

    def _cluster(self, file: ScoreFile, items: Sequence[ScoredItem]) -> Iterator[str]:
        name = self._field_name
        if name is None:
            return
        without = [item for item in items if item.cluster is None]
        if not without and self.index is not None:
            self.clusters = self.index.clusters(items)
        elif len(without) == len(items) and name == DEFAULT_CLUSTER:
            self.notes.append(
                f"{self.suite.task}: documents have no field {DEFAULT_CLUSTER!r}; items are taken as independent."
            )
        else:
            yield (
                f"{file.path}: {len(without)} of {len(items)} documents have no field {name!r} to cluster by: "
                "name a field that all have, or none."
            )

    @property
    def _field_name(self) -> str | None:
        return None if self.suite.cluster == NO_CLUSTER else self.suite.cluster


def _called(arm: Arm, run: ScoredRun) -> str:
    """Return what a user knows a run by: its arm and seed in an experiment, else its folder."""
    if run.seed is not None:
        return f"{arm.name} with seed {run.seed}"
    return arm.name if arm.name == BASE else str(run.folder)

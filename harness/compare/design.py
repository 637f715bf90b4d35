"""What is to be compared: arms of trained models, suites with roles, and what counts as an effect.

A design is the one entrance to the comparator, whether its folders come from elsewhere or from a run
(`harness.compare.design_of_run`).
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.compare.scored import ScoredSuite
from harness.compare.sizes import Size
from harness.errors import ComparisonError
from harness.spec.looks import shares
from harness.spec.records import Duplicates, Grades, IdenticalRuns, Role, StopAt, Suite

BASE = "base"
"""The recipe and the arm of the untuned model."""
DEFAULT_CLUSTER = "cluster"
"""The document field that our own tasks use; where it is absent, items count as independent."""
NO_CLUSTER = "none"
ABSENT = "absent"
"""The kind of a run that has not been made yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredRun:
    """One trained model's scores: a folder that holds lm-eval's output, searched with its subfolders.

    `samples` names the sample file of a task outright, by path; `seed` is for display. `scores` are those that have
    been read already, by task and metric, all that there are: `folder` is then what they go by, and may not be there.
    """

    folder: Path
    seed: int | None = None
    samples: Mapping[str, Path] = field(default_factory=dict)
    scores: Mapping[tuple[str, str], ScoredSuite] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRun:
    """A model that was to be there and is not: the kind of failure and what was said."""

    kind: str
    message: str
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A recipe's runs, one a seed, in an order of seeds that all arms share."""

    name: str
    runs: tuple[ScoredRun | FailedRun, ...]

    @property
    def ran(self) -> tuple[bool, ...]:
        """Which seeds have scores."""
        return tuple(isinstance(run, ScoredRun) for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """An arm that is another one but for declared `levels`, by factor."""

    arm: Arm
    centre: Arm
    levels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A comparison of candidates with a reference, seed by seed and item by item.

    `sesoi` is the smallest effect of interest in the metric's unit; a suite's own overrides it. `variances` may
    hold ``seed_sd`` with ``seed_df``, from earlier work, which lets a single seed be judged. `require_gain` gives no
    verdict about persistence where `base` was scored in-domain and the reference is not shown to have gained over it.
    `lower_is_better`
    gives the direction of a metric whose direction is not known. `newest` takes the newest of several sample files
    of a task in a folder; without it they are refused. `duplicates` says whether items that a file has several times,
    scored alike, count ``once``; `identical_runs` whether runs that gave the same answers throughout are meant to.
    `looks` are the numbers of seeds at which it is judged, the last being all, and `look` says which of them this is,
    from 1; 0 is all of them. Raises `ComparisonError` with everything that is wrong.
    """

    reference: Arm
    candidates: tuple[Arm, ...]
    suites: tuple[Suite, ...]
    sesoi: float
    sesoi_reason: str | None = None
    base: Arm | None = None
    controls: tuple[Arm, ...] = ()
    """The base with examples before every item, each one run."""
    retention: float = 0.5
    alpha: float = 0.05
    require_gain: bool = True
    variances: Mapping[str, float] = field(default_factory=dict)
    gate: Mapping[str, Any] = field(default_factory=dict)
    lower_is_better: bool | None = None
    newest: bool = True
    duplicates: Duplicates = "once"
    identical_runs: IdenticalRuns = "refuse"
    looks: tuple[int, ...] = ()
    stop_at: StopAt = "settled"
    look: int = 0
    model: str | None = None
    """The label of the base model; None leaves it to what the logs say."""
    notes: tuple[str, ...] = ()
    """What a reader of the verdict must know of how the arms came about."""
    available: Mapping[str, int] = field(default_factory=dict)
    """The items that each suite has, by task, whatever was scored; a suite is absent where that was not recorded."""
    placebos: tuple[tuple[Arm, Arm], ...] = ()
    """Arms beside those that trained as they did on answers dealt anew."""
    varied: tuple[Varied, ...] = ()
    """Arms that differ from another one in declared factors."""
    grades: Grades | None = None
    """By which bounds the levels of factors that vary alone are graded."""
    sizes: Mapping[str, Size] = field(default_factory=dict)
    """The rank and the training rows of arms that trained here and have one rank, by name."""
    one_run: bool = False
    """Whether candidates are one run each, beside any number of seeds of the reference that nothing pairs them with."""
    placebo_names: frozenset[str] = frozenset()
    """All recipes that trained on answers dealt anew, whether or not another trained as they did."""

    def __post_init__(self) -> None:
        """Refuse a design that cannot be judged."""
        problems = [*_arm_problems(self), *_suite_problems(self), *_number_problems(self)]
        if problems:
            raise ComparisonError("\n".join(problems))

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The reference and the candidates."""
        return (self.reference, *self.candidates)

    @property
    def seeds(self) -> int:
        """How many seeds each arm was to have."""
        return len(self.reference.runs)

    def tail(self, comparisons: int, look: int | None = None) -> float:
        """Return what every one-sided condition may err in a family of so many comparisons (Bonferroni), and looks.

        `look` is the design's own unless it is said.
        """
        return self.alpha / 2 / comparisons * self.share(self.look if look is None else look)

    @property
    def ended(self) -> int:
        """With how many seeds, from the first, the runs of all arms have been made, whether or not they failed."""
        made = [all(not _is_absent(arm.runs[k]) for arm in self.arms) for k in range(self.seeds)]
        return made.index(False) if False in made else self.seeds

    def share(self, look: int) -> float:
        """Return the part of every error rate that a look may spend."""
        return shares(self.looks)[look - 1] if look else 1.0

    @property
    def goes_on(self) -> bool:
        """Whether this is a look with others to come."""
        return 0 < self.look < len(self.looks)

    def at(self, look: int) -> "Design":
        """Return the design as one of its looks sees it: with its first seeds alone."""
        seeds = self.looks[look - 1]

        def cut(arm: Arm) -> Arm:
            return replace(arm, runs=arm.runs[:seeds])

        return replace(
            self,
            reference=cut(self.reference),
            candidates=tuple(map(cut, self.candidates)),
            placebos=tuple((cut(arm), cut(placebo)) for arm, placebo in self.placebos),
            varied=tuple(replace(each, arm=cut(each.arm), centre=cut(each.centre)) for each in self.varied),
            look=look,
        )

    @property
    def taken(self) -> tuple[int, ...]:
        """The looks whose runs have been made."""
        return tuple(look for look, seeds in enumerate(self.looks, 1) if seeds <= self.ended)

    @property
    def at_last(self) -> "Design":
        """The design as the last look that can be taken sees it, before all of them the first; itself without looks."""
        return self.at(max(self.taken, default=1)) if self.looks else self

    @property
    def learned(self) -> tuple[Suite, ...]:
        """The suites that tell what was learned: all but the guards."""
        return tuple(suite for suite in self.suites if suite.role != "guard")

    @property
    def waiting(self) -> int:
        """Seeds that have not run before the first look, which is not taken without them."""
        return self.seeds - self.ended if self.look == 1 else 0

    def beside(self, reference: Arm, *candidates: Arm, guarded: bool = False) -> "Design":
        """Return other arms of the same runs, alone, on what tells what they learned: a family of its own.

        With `guarded` the guards are there too, and the untuned model, without which there are none.
        """
        return replace(
            self,
            reference=reference,
            candidates=candidates,
            suites=self.suites if guarded else self.learned,
            base=self.base if guarded else None,
            placebos=(),
            varied=(),
        )

    def suites_of(self, role: Role) -> tuple[Suite, ...]:
        """Return the suites that play one role."""
        return tuple(suite for suite in self.suites if suite.role == role)

    def sesoi_of(self, suite: Suite) -> float:
        """Return the smallest effect of interest on a suite."""
        return self.sesoi if suite.sesoi is None else suite.sesoi


def _is_absent(run: ScoredRun | FailedRun) -> bool:
    return isinstance(run, FailedRun) and run.kind == ABSENT


def _arm_problems(design: Design) -> Iterator[str]:
    names = [arm.name for arm in (*design.arms, *([design.base] if design.base else []))]
    if not design.candidates:
        yield "nothing to compare: give at least one candidate beside the reference."
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} arms are called {name!r}: give each its own name."
    for arm in design.arms:
        if design.one_run and arm is not design.reference:
            if len(arm.runs) != 1:
                yield f"{arm.name} has {len(arm.runs)} runs: a baseline judges one; pair several by --reference."
        elif len(arm.runs) != design.seeds:
            yield (
                f"{arm.name} has {len(arm.runs)} runs and {design.reference.name} has {design.seeds}: "
                "give one run a seed, in the same order of seeds, on both sides."
            )
    if design.base and len(design.base.runs) != 1:
        yield f"the base model is one run, got {len(design.base.runs)}."
    yield from _repeated_folders(design)


def _repeated_folders(design: Design) -> Iterator[str]:
    folders = Counter(run.folder.resolve() for arm in design.arms for run in arm.runs if isinstance(run, ScoredRun))
    for folder, count in folders.items():
        if count > 1:
            yield f"{folder} is given {count} times: each run is one trained model, and counts once."


def _suite_problems(design: Design) -> Iterator[str]:
    inside = design.suites_of("in_domain")
    if not inside:
        yield "no in-domain suite: name the task on which the gap is first looked for."
    metrics = {suite.metric for suite in (*inside, *design.suites_of("out_of_domain"))}
    if len(metrics) > 1:
        yield (
            f"the in-domain and out-of-domain suites have different metrics, {', '.join(sorted(metrics))}: "
            "a gap in one cannot be subtracted from a gap in another, choose one metric."
        )
    for (task, role), count in Counter((suite.task, suite.role) for suite in design.suites).items():
        if count > 1:
            yield f"task {task} is given {count} times as {role}."
    both = {suite.task for suite in inside} & {suite.task for suite in design.suites_of("out_of_domain")}
    for task in sorted(both):
        yield f"task {task} is both in-domain and out-of-domain."
    if design.suites_of("guard") and design.base is None:
        yield "guards compare with the untuned base model: give its folder (--base DIR)."


def _number_problems(design: Design) -> Iterator[str]:
    if not 0 < design.alpha < 1:
        yield f"alpha is a probability between 0 and 1, got {design.alpha}."
    if not 0 <= design.retention <= 1:
        yield f"retention is a share between 0 and 1, got {design.retention}."
    for suite in design.suites:
        if not 0 < design.sesoi_of(suite) < math.inf:
            yield (
                f"the smallest effect of interest of {suite.task} must be above 0 and finite, "
                f"got {design.sesoi_of(suite)}."
            )
    yield from _variance_problems(design)


def _variance_problems(design: Design) -> Iterator[str]:
    seed_sd, seed_df = design.variances.get("seed_sd"), design.variances.get("seed_df")
    if seed_df is not None and (seed_sd is None or not 0 < seed_sd < math.inf or not 1 <= seed_df < math.inf):
        yield (
            f"a declared seed_df needs a seed_sd above 0 and must be 1 or more, both finite, got seed_sd {seed_sd}, "
            f"seed_df {seed_df}."
        )

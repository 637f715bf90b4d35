"""Which candidates may take the reference's place, and what stands between the others and that."""

from dataclasses import dataclass

from harness.verdict.estimates import IntervalEstimate, Need


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWorse:
    """Whether a candidate is shown to be worse than the reference by less than the margin, on one suite.

    `gap` is reference minus candidate, its interval at the level of the suite's family: that of the primary
    comparisons, or of extra forgetting for a guard. `p` is one-sided. All three are None where nothing can be judged,
    and `why` says what is in the way. `look` is the one that showed it, or the last taken; None without looks.
    """

    task: str
    role: str
    metric: str
    sesoi: float
    gap: IntervalEstimate | None
    shown: bool
    p: float | None
    p_adjusted: float | None
    why: str | None
    look: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What stands between a candidate and being recommended.

    It is `shown` where it is on every suite. `excluded` says why it could not be recommended whatever its scores; a
    placebo is there to learn nothing. `need` is what showing it takes, None where it is shown, where an estimate lies
    beyond its margin, and where no variance between seeds is known.
    """

    candidate: str
    shown: bool
    excluded: str | None
    suites: tuple[NotWorse, ...]
    need: Need | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The candidates that may take the reference's place, in the order of the spec; what they cost is not known here.

    `closest` is that of the others whose least certain condition has the smallest p-value. `obstacles` are what keeps
    every candidate from being recommended: a reference that is itself not shown to have learned anything, say.
    """

    reference: str
    shown: tuple[str, ...]
    closest: str | None
    obstacles: tuple[str, ...]
    candidates: tuple[Prospect, ...]

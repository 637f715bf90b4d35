"""What an experiment would cost, and what its seeds and items could show."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from harness.api.declaring import Changes, PathLike, experiment_of
from harness.api.running import opened
from harness.errors import UsageError
from harness.extras import require
from harness.spec.records import Experiment

if TYPE_CHECKING:
    from harness.ledger import RunFolder
    from harness.plan.costs import Estimate
    from harness.plan.pilot import Pilot
    from harness.plan.within import Within


def plan(
    spec: PathLike | Experiment,
    *,
    from_runs: Sequence[PathLike] = (),
    measure: bool = False,
    memory_on: str | None = None,
    on_stage: Callable[[str], None] = lambda _name: None,
    **changes: Unpack[Changes],
) -> "Estimate":
    """Return what an experiment would cost, cell by cell, and what its seeds and items could show.

    Nothing is downloaded: what is not in the cache is assumed, and named. `from_runs` are run folders or bundles, from
    which the variances of paired differences are taken, and how likely a verdict is if the truth is as they estimate;
    without one, variances are those that the spec declares, or assumed. This machine's speed is kept in the cache, and
    measured again with `measure`. With `memory_on`, ``cpu`` or ``cuda``, memory is what such a device would hold,
    which need not be here. `on_stage` is called with the name of what is looked at next. Needs the extra `run`. Raises
    `UsageError` for a run that says nothing of the experiment's suites.
    """
    require("run", "harness.plan")
    experiment = experiment_of(spec, changes)

    from harness.execution.estimate import estimate
    from harness.plan.phases import expected
    from harness.plan.power import power_of

    with _pilot_runs(from_runs) as runs:  # one that is none is told before anything is measured
        found = estimate(experiment, measure_anew=measure, memory_on=memory_on, on_stage=on_stage)
        items = {task: count for task, (count, _) in found.suites.items()}
        left = expected(experiment)
        return replace(found, power=power_of(left, items, _pilots(left, runs, items))) if runs else found


def plan_within(
    spec: PathLike | Experiment,
    budget: str,
    *,
    estimate: "Estimate | None" = None,
    from_runs: Sequence[PathLike] = (),
    **changes: Unpack[Changes],
) -> "Within":
    """Return the seeds and items that fit into a budget, what they show, and what twice as much would.

    `budget` is a time, ``2h`` or ``90min``, or a plain number, a price at the spec's ``cost.per_hour``. `estimate` is
    what `plan` returned of the same experiment, which is made otherwise. Raises `UsageError` for a budget that is none,
    and for a search alone, which has no seeds.
    """
    experiment = experiment_of(spec, changes)
    from harness.plan.phases import expected
    from harness.plan.power import power_of
    from harness.plan.within import FEWEST, seconds_of, seeds_of, within

    if experiment.searches_alone:
        raise UsageError(f"{experiment.name} is a search alone: there are no seeds that a budget could buy.")
    seconds = seconds_of(budget, experiment.cost.get("per_hour"))
    known = estimate or plan(experiment, from_runs=from_runs)
    experiment = expected(experiment)
    effects = known.power.effects
    if not effects:  # a single seed shows none, and its variances are those of two
        items = {task: count for task, (count, _) in known.suites.items()}
        pair = replace(experiment, seeds=seeds_of(experiment, FEWEST))
        with _pilot_runs(from_runs) as runs:
            effects = power_of(pair, items, _pilots(experiment, runs, items)).effects
    return within(experiment, known, effects, seconds)


@contextlib.contextmanager
def _pilot_runs(given: Sequence[PathLike]) -> "Iterator[Mapping[str, RunFolder]]":
    """Give runs by what they were called, for as long as the block lasts; bundles are unpacked elsewhere."""
    with contextlib.ExitStack() as stack:
        yield {str(each): stack.enter_context(opened(each)).files for each in given}


def _pilots(experiment: Experiment, runs: "Mapping[str, RunFolder]", items: Mapping[str, int]) -> "list[Pilot]":
    from harness.verdict.pilot import pilot

    return [pilot(each, experiment, items, name=name) for name, each in runs.items()]

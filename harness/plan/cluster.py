"""What an experiment would take of a cluster: the makespan of its units on declared nodes, in the order of a run.

Units are placed as `harness run --next` takes them: in order, each at the fastest free device whose memory holds it,
a row at a time where need be, one at a time on a device. Nothing starts before the untuned model is scored, no cell
before all trials have ended, and no cell of a look before those of the look before have; every look goes on. It is list
scheduling (Graham 1969), at most twice the shortest makespan on equal devices without predecessors.
"""

import bisect
import heapq
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from harness.plan.costs import CellCost, Estimate
from harness.plan.nodes import Nodes
from harness.plan.ways import largest_trainings
from harness.records import GIB
from harness.spec.records import Experiment

_NEAR = 0.9
"""A lower bound of this part of the makespan is what binds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCluster:
    """Makespan in seconds, `chain` of them by predecessors alone; device-seconds in use and there; cost; bytes.

    `cost` is None where no node has a price. `binds` says what would have to change for less. `unplaced` are recipes
    that no single device holds, with the bytes that they take of one at least; their units are not counted.
    """

    devices: int
    units: int
    makespan: float
    chain: float
    busy: float
    utilisation: float
    cost: float | None
    storage: int
    binds: str
    unplaced: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Phase:
    """Units that may run side by side, in chains of one after another, once all of the phase before has ended."""

    chains: tuple[tuple[CellCost, ...], ...]

    def without(self, recipes: Collection[str]) -> "_Phase":
        """Return the phase without the units of these recipes."""
        kept = (tuple(each for each in chain if each.recipe not in recipes) for chain in self.chains)
        return _Phase(tuple(chain for chain in kept if chain))

    @property
    def longest(self) -> float:
        return max((sum(each.seconds for each in chain) for chain in self.chains), default=0.0)


def on_cluster(experiment: Experiment, estimate: Estimate, nodes: Nodes) -> OnCluster:
    """Return what the estimate's units come to on the nodes, without those that no device holds."""
    estimate = _halved(estimate)
    unplaced = _unplaced(estimate, nodes)
    phases = [each.without(unplaced) for each in _phases(experiment, estimate)]
    units = [unit for phase in phases for chain in phase.chains for unit in chain]
    makespan = busy = 0.0
    for phase in phases:
        makespan, worked = _placed(phase, nodes, makespan)
        busy += worked
    devices = nodes.devices
    chain = sum(each.longest for each in phases) / max(each.speed for each in devices)
    prices = [each.cost_per_hour * each.count for each in nodes.nodes if each.cost_per_hour is not None]
    kept = sum(each.disk for each in estimate.cells if each.recipe not in unplaced)
    storage = kept + len(devices) * max((each.written for each in units), default=0)
    return OnCluster(
        devices=len(devices),
        units=len(units),
        makespan=makespan,
        chain=chain,
        busy=busy,
        utilisation=busy / (len(devices) * makespan) if makespan else 0.0,
        cost=sum(prices) * makespan / 3600 if prices else None,
        storage=storage,
        binds=_binding(units, nodes, makespan, chain, storage),
        unplaced=unplaced,
    )


def _phases(experiment: Experiment, estimate: Estimate) -> Iterator[_Phase]:
    adapted = set(experiment.arm_names)
    once = [each for each in estimate.cells if each.recipe not in adapted]
    yield _Phase(tuple((each,) for each in once[:1]))
    if estimate.trials:
        yield _Phase(tuple((each,) for each in estimate.trials))
    a_seed = max(1, len(adapted))
    cells = [each for each in estimate.cells if each.recipe in adapted]
    looks = [0, *(experiment.looks or (len(experiment.seeds),))]
    for before, seeds in pairwise(looks):
        controls = tuple((each,) for each in once[1:]) if not before else ()
        yield _Phase((*controls, *_chains(experiment, cells[before * a_seed : seeds * a_seed], a_seed)))


def _chains(experiment: Experiment, cells: Sequence[CellCost], a_seed: int) -> Iterator[tuple[CellCost, ...]]:
    """Yield the cells seed by seed, each that spends as much as another behind that one."""
    matched = {each.id: each.compute.recipe for each in experiment.recipes if each.compute is not None}
    for start in range(0, len(cells), a_seed):
        seed = cells[start : start + a_seed]
        for cell in seed:
            if cell.recipe not in matched:
                yield (cell, *(each for each in seed if matched.get(each.recipe) == cell.recipe))


def _placed(phase: _Phase, nodes: Nodes, start: float) -> tuple[float, float]:
    """Return when the phase ends, and the device-seconds that it takes."""
    free = sorted(nodes.devices, key=lambda each: (-each.speed, each.memory))
    waiting = deque(list(reversed(chain)) for chain in phase.chains)
    running: list[tuple[float, int, int, list[CellCost]]] = []
    now, worked, number = start, 0.0, 0
    open_ = list(range(len(free)))
    while waiting or running:
        too_large = []
        while waiting and open_:
            chain = waiting.popleft()
            device = next((each for each in open_ if free[each].memory >= chain[-1].memory), None)
            if device is None:
                too_large.append(chain)
                continue
            open_.remove(device)
            seconds = chain.pop().seconds / free[device].speed
            worked, number = worked + seconds, number + 1
            heapq.heappush(running, (now + seconds, number, device, chain))
        waiting.extendleft(reversed(too_large))
        now, _, device, rest = heapq.heappop(running)
        bisect.insort(open_, device)
        if rest:
            waiting.appendleft(rest)
    return now, worked


def _unplaced(estimate: Estimate, nodes: Nodes) -> dict[str, int]:
    """Return the recipes whose units no device holds, with the bytes of the largest."""
    most = max(each.memory for each in nodes.devices)
    large = [each for each in (*estimate.trials, *estimate.cells) if each.memory > most]
    return {each.recipe: each.memory for each in sorted(large, key=lambda each: each.memory)}


def _halved(estimate: Estimate) -> Estimate:
    """Return the estimate with the memory that units take a row at a time: a run halves its batches where it has to."""
    least = {name: each.bytes_with(1) for name, each in largest_trainings(estimate).items() if each.divisible}

    def halved(unit: CellCost) -> CellCost:
        return replace(unit, memory=min(unit.memory, least.get(unit.recipe, unit.memory)))

    return replace(estimate, cells=tuple(map(halved, estimate.cells)), trials=tuple(map(halved, estimate.trials)))


def _binding(units: Sequence[CellCost], nodes: Nodes, makespan: float, chain: float, storage: int) -> str:
    if nodes.storage is not None and storage > nodes.storage:
        return f"storage: {storage / GIB:.1f} GiB of the {nodes.storage / GIB:.1f} that there are"
    if chain >= _NEAR * makespan:
        return "the longest chain of units that wait for each other: more devices would save nothing"
    for memory in sorted({each.memory for each in nodes.devices})[:-1]:
        large = [each for each in units if each.memory > memory]
        speed = sum(each.speed for each in nodes.devices if each.memory > memory)
        if sum(each.seconds for each in large) / speed >= _NEAR * makespan:
            return f"memory: {len(large)} of {len(units)} units need more than {memory / GIB:.1f} GiB"
    return "the number of devices: twice as many would take about half as long"

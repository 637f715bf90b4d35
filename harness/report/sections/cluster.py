"""What an experiment would take of a cluster, and how each training fits its devices."""

from collections.abc import Iterator, Sequence

import yaml

from harness.plan.cluster import OnCluster
from harness.plan.costs import Estimate
from harness.plan.ways import Way, in_half, largest_trainings
from harness.records import GIB
from harness.report.document import Block, Cell, Command, Duration, Finding, Number, Prose, Table


def cluster_blocks(found: OnCluster, ways: Sequence[Way], estimate: Estimate) -> Iterator[Block]:
    """Yield how each training fits, then the makespan, what it rests on and what it costs, and what binds."""
    nodes = dict.fromkeys(each.node for each in ways)
    yield from (_memory_table([each for each in ways if each.node == node]) for node in nodes)
    yield from _sharded(ways)
    if any(not each.fits for each in ways if each.kind == "one device"):
        yield Prose(_half(ways, estimate))
    yield _on_devices(found)


def _on_devices(found: OnCluster) -> Finding:
    devices = f"ON {found.devices} {'DEVICE' if found.devices == 1 else 'DEVICES'}"
    without = f" Too large for each of them and not counted: {', '.join(found.unplaced)}." if found.unplaced else ""
    if not found.units:
        return Finding(title=f"{devices}: nothing can run, each of them is too small", lines=())
    price = "" if found.cost is None else f", {found.cost:,.2f} in the currency of the file"
    used = f"{found.units} units, {found.utilisation:.0%} of the devices' time in use"
    chain = f"those that wait for each other take {Duration(found.chain)}"
    return Finding(
        title=f"{devices}: about {Duration(found.makespan)}{price}",
        lines=(
            f"{used}; {chain}; {found.storage / GIB:.1f} GiB of storage.{without}",
            f"What binds is {found.binds}.",
        ),
    )


def _memory_table(ways: Sequence[Way]) -> Table:
    first = ways[0]
    return Table(
        title=f"Training on a device of node {first.node}, which has {first.room / GIB:.1f} GiB: GiB of each part",
        headers=(
            *("recipe", ("processes,", "rows each")),
            *("weights", ("gra-", "dients"), "moments", ("activa-", "tions"), ("ex-", "changed"), "all", "fits"),
        ),
        rows=tuple(map(_cells, ways)),
        notes=(f"all is with {first.libraries / GIB:.1f} GiB of libraries",),
    )


def _cells(way: Way) -> tuple[Cell, ...]:
    parts = (way.weights, way.gradients, way.moments, way.activations, way.exchanged, way.taken)
    numbers = tuple(Number(value=each, form="{:.1f}", unit="GiB", times=1 / GIB) for each in parts)
    again = ("checkpointing",) if way.checkpointing else ()
    how = (f"{way.processes} {_KINDS[way.kind]}", f"{way.rows} × {way.accumulation}", *again)
    return (way.recipe, how, *numbers, "yes" if way.fits else "no")


_KINDS = {"one device": "alone", "data parallel": "DDP", "sharded": "sharded"}


def _sharded(ways: Sequence[Way]) -> Iterator[Block]:
    """Yield accelerate's file for each number of processes that shards, and that no run takes it."""
    shown: dict[str, list[str]] = {}
    for way in ways:
        if not way.offered and way.fits:
            shown.setdefault(yaml.safe_dump(way.config, sort_keys=False).rstrip(), []).append(way.recipe)
    for text, recipes in shown.items():
        yield Command(
            line=text,
            does=(
                f"{', '.join(dict.fromkeys(recipes))} fit where weights, gradients and moments are sharded, with this "
                "file of accelerate's. harness refuses to run it: accelerate shards on accelerators only, and none was "
                "at hand to try it. A run trains on one device, or data parallel."
            ),
        )


def _half(ways: Sequence[Way], estimate: Estimate) -> str:
    """Return what 16 bits throughout would take of the recipes for which a device is too small."""
    large = {each.recipe for each in ways if each.kind == "one device" and not each.fits}
    sizes = [(name, each) for name, each in largest_trainings(estimate).items() if name in large]
    listed = ", ".join(f"{name} {in_half(each) / GIB:.1f} GiB" for name, each in sizes)
    return (
        f"With masters of 16 bits instead of float32, a row at a time: {listed}. No recipe may ask for that: small "
        "updates are lost in it."
    )

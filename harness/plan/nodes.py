"""Nodes as a file declares them, for a plan: devices, their memory, speed and price.

::

    {"nodes": [{"name": "a", "count": 2, "devices": 8, "memory_gib": 80, "speed": 1.5, "cost_per_hour": 20}],
     "device": "cuda", "storage_gib": 500}

`count`, `devices` and `speed` are 1 where they are left out; `speed` is against the machine on which the plan is made.
`device` says of what kind the devices are, where they are of another than that of the plan: ``cpu`` or ``cuda``.
A node of processors has the cells that it is to run at once as devices.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.records import GIB

DEVICES = ("cpu", "cuda")
"""Kinds of devices that hold a model each in its own way; Apple's hold it as a CPU does."""
_FIELDS = {"nodes", "device", "storage_gib"}
_KNOWN = {"name", "count", "devices", "memory_gib", "speed", "cost_per_hour"}


@dataclass(frozen=True, slots=True)
class Device:
    """What runs one cell at a time; `memory` in bytes."""

    memory: int
    speed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """So many equal nodes."""

    name: str
    count: int
    each: int
    device: Device
    cost_per_hour: float | None


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """The nodes of a cluster, and the bytes of the storage that they share, None where that is not declared.

    `device` is the kind of their devices; None: that of the plan.
    """

    file: str
    nodes: tuple[Node, ...]
    storage: int | None = None
    device: str | None = None

    @functools.cached_property
    def devices(self) -> tuple[Device, ...]:
        """Every device of every node."""
        return tuple(node.device for node in self.nodes for _ in range(node.count * node.each))


def read_nodes(path: Path) -> Nodes:
    """Return what a file declares. Raises `UsageError` with everything that is wrong with it."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read as JSON ({error}).") from error
    wrong = list(_wrong(said))
    if wrong:
        listed = "\n".join(f"  {each}" for each in wrong)
        raise UsageError(f"{path} declares no cluster:\n{listed}")
    storage = said.get("storage_gib")
    nodes = tuple(_node(each, number) for number, each in enumerate(said["nodes"], 1))
    held = None if storage is None else round(storage * GIB)
    return Nodes(file=str(path), nodes=nodes, storage=held, device=said.get("device"))


def _node(said: Mapping[str, Any], number: int) -> Node:
    device = Device(memory=round(said["memory_gib"] * GIB), speed=float(said.get("speed", 1)))
    return Node(
        name=said.get("name", str(number)),
        count=said.get("count", 1),
        each=said.get("devices", 1),
        device=device,
        cost_per_hour=said.get("cost_per_hour"),
    )


def _wrong(said: Any) -> Iterator[str]:
    nodes = said.get("nodes") if isinstance(said, dict) else None
    if not isinstance(nodes, list) or not nodes:
        yield '$.nodes: a list of nodes is missing, such as [{"devices": 8, "memory_gib": 80}]'
        return
    yield from (f"$.{each}: no such field; there are {', '.join(sorted(_FIELDS))}" for each in {*said} - _FIELDS)
    if said.get("device", DEVICES[0]) not in DEVICES:
        yield f"$.device: {said['device']!r:.40} is none of {', '.join(DEVICES)}"
    if "storage_gib" in said and not _positive(said["storage_gib"]):
        yield f"$.storage_gib: {said['storage_gib']!r:.40} is no number above 0"
    for number, node in enumerate(nodes):
        if isinstance(node, dict):
            yield from (f"$.nodes[{number}].{each}" for each in _wrong_of_node(node))
        else:
            yield f"$.nodes[{number}]: {node!r:.40} is no object"


def _wrong_of_node(node: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{each}: no such field; there are {', '.join(sorted(_KNOWN))}" for each in {*node} - _KNOWN)
    if "memory_gib" not in node:
        yield "memory_gib: missing, the memory of each device"
    for field in ("memory_gib", "speed", "cost_per_hour"):
        if field in node and not _positive(node[field]):
            yield f"{field}: {node[field]!r:.40} is no number above 0"
    for field in ("count", "devices"):
        if field in node and not (_positive(node[field]) and isinstance(node[field], int)):
            yield f"{field}: {node[field]!r:.40} is no whole number from 1 on"
    if not isinstance(node.get("name", ""), str):
        yield f"name: {node['name']!r:.40} is no text"


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")

"""No room where a run writes beside its folder: in the cache, while it is filled, and in the temporary folder.

The model of these runs comes as the embedded one does, in a wheel that is fetched, unpacked and converted into the
cache. A command without room ends with exit code 74, what is to be done and where; with room, the same command goes on.
"""

import contextlib
import functools
import json
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from faults.disks import Room, disk, failures, make_room, told, up_to, within
from faults.grid import RUN, Grid, Told, make_grid, ran
from harness.testing.tiny import write_tiny_tokenizer
from harness.testing.tiny_spec import write_tiny_spec
from helpers.commands import ended, start
from helpers.packed import write_packed_model

Place = Literal["cache", "temporary"]
VARIABLE: Mapping[Place, str] = {"cache": "HARNESS_CACHE", "temporary": "TMPDIR"}
CACHE, DISK = "cache", "disk"
TEMPORARY = (*(Room(4 << each, "kib") for each in range(7)), *(Room(each, "files") for each in range(2, 14)))
"""What a temporary folder is given room for: the files in it are small, few and gone when a command ends."""


@dataclass(frozen=True)
class Elsewhere:
    """The room that a place beside the run folder has, as a `Room`'s."""

    place: Place
    room: int
    of: Literal["kib", "files", "bytes of a file"]


def elsewhere(folder: Path, count: int | None = None, seed: int = 0) -> list[Elsewhere]:
    """Return every size that lets a run write a little more than the last into such a place; or some, drawn.

    What is run stands in `folder`, where it is run once with room.
    """
    with _surroundings(folder) as packed:
        cached = up_to([*(packed.folder / CACHE).rglob("*")])
    found = [
        *(Elsewhere("cache", **asdict(each)) for each in cached),
        *(Elsewhere("temporary", **asdict(each)) for each in TEMPORARY),
    ]
    return found if count is None else random.Random(seed).sample(found, min(count, len(found)))


def tried(beside: Path, fault: Elsewhere, folder: Path) -> Told:
    """Run the packed model's command where such a place has no more room, make some, and run it again.

    The command is that of the folder `beside`; the run's is empty.
    """
    folder.mkdir(parents=True)
    run, room = folder / RUN, Room(fault.room, fault.of)
    with _surroundings(beside) as packed:
        place = packed.folder / DISK  # always the same, so that one warm worker serves all
        variables = {VARIABLE[fault.place]: str(place)}
        if fault.of == "bytes of a file":
            place = folder / DISK
            place.mkdir()
            first = _started(packed, folder, fault.room, {VARIABLE[fault.place]: str(place)})
            return told(packed, fault, run, first, failures(run), ran(packed, run))
        with disk(place, room):
            if fault.place == "cache":
                first = _ran(packed, run, variables)
                if first[0] and "HARNESS_CACHE" not in first[1]:
                    return Told(fault, "unnamed", first[1])
            else:  # Python asks once a process which its temporary folder is
                first = _started(packed, folder, None, variables)
            failed = failures(run)
            make_room(place)
            return told(packed, fault, run, first, failed, _ran(packed, run, variables))


def _ran(grid: Grid, run: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    with _environment(variables):
        return ran(grid, run)


def _started(grid: Grid, folder: Path, file_size: int | None, variables: Mapping[str, str]) -> tuple[int, str]:
    command = start(grid.spec, folder, "--out", str(folder / RUN), file_size=file_size, **variables)
    return within(file_size, ended(command))


@contextlib.contextmanager
def _surroundings(beside: Path) -> Iterator[Grid]:
    """Have pip find the model for the block, with a cache that holds it; yield the grid of that model."""
    folder = beside / "packed"
    index, cache = folder / "index", folder / CACHE
    with _environment({"PIP_FIND_LINKS": str(index), "PIP_NO_INDEX": "1", "HARNESS_CACHE": str(cache)}):
        yield _packed(folder, index)


@functools.cache
def _packed(folder: Path, index: Path) -> Grid:
    """Write the spec of the packed model, and run it with room for everything."""
    folder.mkdir()
    spec = write_tiny_spec(folder, write_tiny_tokenizer(folder / "tokenizer"))
    said = json.loads(spec.read_text(encoding="utf-8"))
    spec.write_text(json.dumps(said | {"model": write_packed_model(index)}), encoding="utf-8")
    return make_grid(folder, spec)


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

"""The Ray executor: units of work as tasks of a cluster, placed by what they declare: processors, accelerators, memory.

Ray places units and carries what they tell; what has ended is known from the run folder alone, as everywhere. A task is
the worker program on a node: it is told the text of a unit and tells lines, and no object of ours crosses over. A unit
whose node is lost is submitted again, and goes on from what lies in the run folder, which every node has to see.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import threading
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import ray
from ray.exceptions import RayError, RayTaskError

import harness
from harness.codec import encode
from harness.errors import HarnessError, UsageError
from harness.execution._base import Executor, Exit
from harness.execution.events import Event, StartedAgain
from harness.execution.program import PARENT, start_worker, worker_environment
from harness.execution.unit import WorkUnit
from harness.extras import require
from harness.spec.records import Execution
from harness.text import several

AUTO = "auto"
"""The address of the cluster that this machine is a node of."""

_REACHED_IN = 5.0
"""Seconds in which a cluster's address has to answer."""

_OURS = "harness"
"""The key of a line that is the executor's own, beside the events of a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a unit takes of a node: processors, accelerators (a part of one for small models) and bytes of memory.

    `retries` is how often a unit is submitted again whose node was lost.
    """

    num_cpus: float = 1
    num_gpus: float = 0
    memory_bytes: int | None = None
    retries: int = 2

    @classmethod
    def of(cls, execute: Execution) -> "Needs":
        """Return what a spec declares: as many processors as threads, and the limit of a cell's memory, where given."""
        declared = {"num_cpus": execute.threads or 1, "memory_bytes": execute.memory_limit_bytes}
        return cls(**{**declared, **execute.options})

    @property
    def resources(self) -> dict[str, float]:
        """The same by Ray's names for what a node has; what is not needed is left out."""
        needed = {"CPU": self.num_cpus, "GPU": self.num_gpus, "memory": float(self.memory_bytes or 0)}
        return {name: amount for name, amount in needed.items() if amount}


@dataclass(frozen=True, slots=True)
class Mark:
    """Words at a place of the run's log, by which a node knows that it sees the same file."""

    log: str
    at: int
    words: str

    @classmethod
    def on(cls, log: Path) -> "Mark":
        """Leave a mark at the end of the log."""
        words = f"run through Ray, mark {secrets.token_hex(8)}\n"
        with log.open("ab") as file:
            at = file.tell()
            file.write(words.encode())
        return cls(str(log.absolute()), at, words)

    @property
    def is_seen(self) -> bool:
        """Whether this machine sees it."""
        try:
            with Path(self.log).open("rb") as file:
                file.seek(self.at)
                return file.read(len(self.words)).decode(errors="replace") == self.words
        except OSError:
            return False


class RayExecutor(Executor):
    """Runs units on the nodes of a cluster that runs already; at most `workers` at once, which Ray then places."""

    places_units = True

    def __init__(self, log: Path, execute: Execution) -> None:
        """Connect to the cluster. Raises `UsageError` where none answers, or no node has what a unit needs."""
        self._needs = Needs.of(execute)
        self._opened = _connect(execute.address or AUTO)
        self._running: set[Any] = set()
        self._ended: set[Any] = set()
        try:
            room = sum(_room(node, self._needs) for node in _nodes(self._needs))
            self.workers = execute.workers if isinstance(execute.workers, int) else room
            self._mark = Mark.on(log)
        except HarnessError:
            self.close()
            raise
        self._options = {
            "num_cpus": self._needs.num_cpus,
            "num_gpus": self._needs.num_gpus,
            "memory": self._needs.memory_bytes,
            "max_retries": 0,
            "num_returns": "streaming",
            "runtime_env": {"env_vars": {"PYTHONPATH": worker_environment(None)["PYTHONPATH"]}},
        }

    def submit(self, unit: WorkUnit) -> Generator[Event | Exit]:
        """Have the unit run on a node, and again where its node is lost, as often as is declared."""
        placed = replace(unit, device=self._device(unit))
        left = self._needs.retries
        while True:
            try:
                yield from self._run(placed)
            except _LostError as lost:
                if not left:
                    yield Exit(unit.id, 1, f"each of the {self._needs.retries + 1} nodes that had it was lost: {lost}")
                    return
                left -= 1
                yield Event(unit=unit.id, attempt=unit.attempt, cell=unit.cell_id, body=StartedAgain(str(lost)))
            else:
                return

    def interrupt(self) -> None:
        """End every unit that is running."""
        for each in tuple(self._running):
            self._end(each)

    def close(self) -> None:
        """End what runs and let go of the cluster, which goes on."""
        self.interrupt()
        if self._opened:
            self._opened = False
            ray.shutdown()

    def _device(self, unit: WorkUnit) -> str | None:
        """Return the unit's device without a number: which accelerators a process sees is Ray's to say."""
        kind = None if unit.device is None else unit.device.partition(":")[0]
        return "cpu" if kind is None and not self._needs.num_gpus else kind

    def _run(self, unit: WorkUnit) -> Generator[Event | Exit]:
        """Run the unit on one node. Raises `_LostError` where that is lost."""
        text = json.dumps(encode(unit), allow_nan=False, ensure_ascii=False)
        told = ray.remote(_on_node).options(name=unit.id, **self._options).remote(text, self._mark, harness.__version__)
        self._running.add(told)
        ended = False
        try:
            for line in _lines(told):
                own = json.loads(line).get(_OURS)
                if own is None:
                    yield Event.parse(line)
                    continue
                ended = True
                if "refused" in own:
                    raise UsageError(own["refused"])
                yield Exit(unit.id, own["exit"])
        except RayTaskError as error:
            _refuse(error)
        except RayError as error:
            if told not in self._ended:
                raise _LostError(_first(error)) from error
            ended = True
            yield Exit(unit.id, -signal.SIGTERM)
        finally:
            if not ended:
                self._end(told)
            self._running.discard(told)

    def _end(self, told: Any) -> None:
        """End a task: its process goes at once, and takes the worker program along."""
        self._ended.add(told)
        with contextlib.suppress(RayError, ValueError):
            ray.cancel(told, force=True)


class _LostError(Exception):
    """The node or the process of a task is gone."""


def _lines(told: Any) -> Iterator[bytes]:
    for reference in told:
        yield ray.get(reference)


def _on_node(text: str, mark: Mark, version: str) -> Iterator[bytes]:
    """Run a unit's worker program on this node and yield its lines, then one of ours."""
    try:
        _check_node(mark, version)
    except HarnessError as error:
        yield json.dumps({_OURS: {"refused": str(error)}}).encode()
        return
    data = json.loads(text)
    with TemporaryDirectory(prefix="harness-unit-") as scratch:
        path = Path(scratch) / "unit.json"
        path.write_text(text, encoding="utf-8")
        environment = {**worker_environment(data["device"], data.get("environment")), PARENT: str(os.getpid())}
        with start_worker([path], environment, Path(mark.log)) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:  # noqa: UP028 - Ray sends to generators, which files do not take
                    yield line
            finally:
                process.terminate()  # one that has ended is left alone
            yield json.dumps({_OURS: {"exit": process.wait()}}).encode()


def _check_node(mark: Mark, version: str) -> None:
    """Raise `HarnessError` where this node cannot do what the driver's machine could."""
    here = f"node {socket.gethostname()}"
    if version != harness.__version__:
        raise UsageError(f"{here} has harness {harness.__version__} and the command {version}: install the same there.")
    require("run", f"a cell on {here}")
    if not mark.is_seen:
        folder = Path(mark.log).parent
        raise UsageError(
            f"{here} does not see the run folder {folder}: it is not there, or another folder of that name. Put it on "
            "a disk that all nodes share, with --out, under one path."
        )


def _connect(address: str) -> bool:
    """Connect this process to the cluster, and tell whether it was not before. Raises `UsageError` where none is."""
    if ray.is_initialized():
        return False
    _reach(address)
    before = _handlers()
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", configure_logging=False)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise UsageError(_unanswered(address, _first(error))) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return True


def _handlers() -> Mapping[signal.Signals, Any]:
    """Return how this process takes signals, which are its own affair and not Ray's."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}


def _reach(address: str) -> None:
    """Raise `UsageError` where nobody answers at ``host:port``; Ray itself would wait for minutes."""
    if address == AUTO:
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_REACHED_IN).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(_unanswered(address, str(error))) from error


def _unanswered(address: str, why: str) -> str:
    return (
        f"execute.address {address}: no Ray cluster answers ({why}). `ray start --head` starts one, `ray start "
        "--address HOST:PORT` adds this machine to it; the command runs on one of its nodes."
    )


def _nodes(needs: Needs) -> list[Mapping[str, float]]:
    """Return what each living node has. Raises `UsageError` where none of them could take a unit."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(_room(node, needs) for node in nodes):
        asked = ", ".join(f"{name} {amount:g}" for name, amount in needs.resources.items())
        has = [", ".join(f"{name} {node.get(name, 0):g}" for name in needs.resources) for node in nodes]
        raise UsageError(
            f"execute.options: a unit is to have {asked}, and no node of the cluster has so much: {several(has, 4)}. "
            "Ask for less, or start nodes that have it (`ray start --num-cpus … --num-gpus … --memory …`)."
        )
    return nodes


def _room(node: Mapping[str, float], needs: Needs) -> int:
    return min((int(node.get(name, 0) // amount) for name, amount in needs.resources.items()), default=1)


def _refuse(error: RayTaskError) -> NoReturn:
    """Raise what a task raised, in words where a node lacks the package."""
    if "ModuleNotFoundError" in str(error) or "ImportError" in str(error):
        raise UsageError(
            f"a node of the cluster cannot run harness: {_last(error)}. Install the same version with its extra `run` "
            "on every node."
        ) from error
    raise error


def _first(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def _last(error: BaseException) -> str:
    return str(error).strip().rpartition("\n")[2].rstrip(".")

"""Which executor runs an experiment: the local one, Ray's, or a plug-in's that the spec names in ``execute.kind``."""

from pathlib import Path

from harness.errors import PluginError
from harness.execution._base import Executor
from harness.execution.local import LocalExecutor
from harness.extras import require
from harness.preflight.workers import workers_of
from harness.registry import find
from harness.spec.records import Experiment
from harness.storage import writing

LOCAL, RAY = "local", "ray"


def executor_of(experiment: Experiment, log: Path, *, remedy: str, at_once: bool = True) -> Executor:
    """Return the experiment's executor, whose workers log to `log`, a file that is made where it is not there.

    The local one starts its workers `at_once`, while the caller still prepares, or not before there is work for them.
    Raises `StorageError`, with the `remedy`, where it cannot be written, and `PluginError` where a plug-in is not
    installed, cannot be loaded or does not keep the contract.
    """
    _make(log, remedy)
    asked = experiment.execute
    if asked.kind == LOCAL:
        return LocalExecutor(log, device=asked.device, workers=workers_of(asked), at_once=at_once)
    if asked.kind == RAY:
        require("ray", "execute.kind ray")
        from harness.execution.ray import RayExecutor

        return RayExecutor(log, asked)
    plugin = find("executors", asked.kind)
    if plugin is None:
        raise PluginError(f"no executor called {asked.kind!r} is installed; harness itself has {LOCAL!r}, {RAY!r}.")
    found = plugin.load()
    if not (isinstance(found, type) and issubclass(found, Executor)):
        raise PluginError(f"{plugin} is not a subclass of harness.execution.Executor.")
    try:
        return found(log, **asked.options)  # type: ignore[call-arg]
    except TypeError as error:
        raise PluginError(f"{plugin} does not take the options {dict(asked.options)}: {error}.") from error


def _make(log: Path, remedy: str) -> None:
    with writing(log.parent, remedy):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.open("ab").close()

"""Launching a training on several devices: the launcher's own config file, read into the spec, and what fits it.

What accelerate reads from a file stands in the resolved experiment, so that a run does not hang on a file that may
change, and processes and how they share a training are part of a cell's identity.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from harness.codec import JSON
from harness.declarations import bounded_yaml
from harness.errors import Problem
from harness.paths import read_regular
from harness.spec.document import Located
from harness.spec.files import absolute, label
from harness.spec.records import Execution

_CONFIG = ("execute", "config")
_DECIDES = ("distributed_type", "num_processes", "use_cpu")
"""What of a config has a part in numbers."""


def with_config(document: Located) -> tuple[Located, list[Problem]]:
    """Return the document with what the file of ``execute.config`` says in its place, and what is wrong with that."""
    execute = document.value.get("execute") if isinstance(document.value, dict) else None
    if not isinstance(execute, dict) or not isinstance(execute.get("config"), str):
        return document, []
    path = absolute(document, _CONFIG)
    try:
        said = bounded_yaml.load(read_regular(path), bounded_yaml.SafeLoader)
        reason = None if isinstance(said, dict) else "it does not hold settings, one a line"
    except (OSError, ValueError, yaml.YAMLError) as error:
        said, reason = None, getattr(error, "strerror", None) or str(error)
    # A config that could not be read is no further trouble: the schema would only say that it is missing.
    value = {**document.value, "execute": {**execute, "config": said if reason is None else _SOUND}}
    remedy = "It is a file that `accelerate config` wrote. Paths count from the file they stand in."
    problems = [] if reason is None else [document.problem(_CONFIG, f"{label(path)} cannot be read: {reason}", remedy)]
    return Located(value, document.places), problems


_SOUND: dict[str, JSON] = {"distributed_type": "MULTI_CPU", "num_processes": 2}


def processes_of(execute: Execution) -> int:
    """Return how many processes train a cell."""
    return 1 if execute.launch is None else int(str(execute.config["num_processes"]))


def is_of_processors(config: Mapping[str, JSON]) -> bool:
    """Tell whether a config launches processes that compute on the CPU."""
    return config.get("distributed_type") == "MULTI_CPU" or config.get("use_cpu") is True


def identity_of(execute: Execution) -> Mapping[str, JSON] | None:
    """Return what of a launch has a part in a cell's numbers; None where one process trains it."""
    if execute.launch is None:
        return None
    return {"launcher": execute.launch, **{key: execute.config[key] for key in _DECIDES if key in execute.config}}


def launch_problems(document: Located, recipes: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what does not go with a launch of several processes."""
    execute = document.value.get("execute", {})
    if "launch" not in execute:
        return
    if execute.get("workers", 1) != 1:
        message = f"workers {execute['workers']}, and a launch takes all devices for one cell"
        yield document.problem(("execute", "workers"), message, "Run one cell at a time: workers 1.")
    if execute.get("kind", "local") != "local":
        message = f"the executor {execute['kind']!r} places a cell on one device"
        yield document.problem(("execute", "launch"), message, "Leave `kind` out: a launch is of this machine.")
    device = execute.get("device")
    wanted = "cpu" if is_of_processors(execute["config"]) else "cuda"
    if device not in (None, wanted):
        message = f"execute.device {device}, and the config launches on {wanted}"
        remedy = f"Give {wanted}, or leave it out; gpu_ids of the config says which accelerators."
        yield document.problem(("execute", "device"), message, remedy)
    timed = [name for name, each in recipes.items() if each.recipe.compute and each.recipe.compute.measure == "time"]
    if timed:
        message = f"{', '.join(timed)} trains as long as another recipe, and processes would time different steps"
        yield document.problem(("execute", "launch"), message, 'Match by operations: "measure": "flops".')

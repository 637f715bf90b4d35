"""A resolved experiment as JSON and back: what the run folder keeps of the spec."""

from collections.abc import Mapping
from typing import Any

from harness.errors import Problem, SpecError
from harness.spec.decode import decode, encode
from harness.spec.records import JSON, Experiment


def lock(experiment: Experiment) -> dict[str, JSON]:
    """Return everything about the experiment as a JSON object, defaults included."""
    value: dict[str, JSON] = encode(experiment)
    return value


def unlock(value: Mapping[str, Any]) -> Experiment:
    """Return the experiment that `lock` wrote; raises `SpecError` where the object is not one of this version."""
    try:
        return decode(Experiment, value)
    except (TypeError, ValueError) as error:
        remedy = "It was written by another version, or edited; run the spec anew into another --out."
        raise SpecError([Problem("lock", "$", None, f"this is no locked experiment: {error}", remedy)]) from error

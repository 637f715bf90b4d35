"""Results and failures as JSON, both ways; what earlier versions wrote is read too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.codec import decode, encode
from harness.ledger.artefacts import read_sealed, unsealed, write_sealed
from harness.records import CellFailure, CellResult, Costs, Evaluation, TrainRecord
from harness.trained import Artefact

Outcome = CellResult | CellFailure

VERSION = 2
"""1 held what training did, what it cost and its guards in one block of free form; it has no `version`."""


UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a record raises that is not whole, or is another's."""


def trained(outcomes: Iterable[Outcome]) -> tuple[CellResult, ...]:
    """Return the results among them of cells that trained: neither failures nor models that were taken as they are."""
    return tuple(each for each in outcomes if isinstance(each, CellResult) and each.train_info is not None)


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as ``result.json`` holds it; `status` tells a result from a failure."""
    status = "success" if isinstance(outcome, CellResult) else "failed"
    return {"version": VERSION, "status": status, **encode(outcome)}


def from_json(data: Mapping[str, Any]) -> Outcome:
    """Return the outcome that `to_json` wrote, in this version or an earlier one.

    Raises KeyError, TypeError or ValueError for anything else.
    """
    fields = {key: value for key, value in data.items() if key not in {"status", "version"}}
    if data["status"] == "failed":
        return decode(CellFailure, fields)
    return decode(CellResult, fields if data.get("version", 1) >= VERSION else result_of_version_1(fields))


@lru_cache(maxsize=256)
def outcome_of(content: bytes) -> Outcome:
    """Return the outcome that a ``result.json`` of this content holds; a command asks for each a dozen times.

    Raises what `read_sealed` and `from_json` raise, each time that it is asked.
    """
    return from_json(unsealed(content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training that is done and saved, as ``training.json`` holds it.

    `files` are what was saved, by path in the cell's folder; none in records of before they were noted.
    """

    train_info: TrainRecord
    costs: Costs
    files: Mapping[str, Artefact] = field(default_factory=dict)


def write_training(path: Path, training: Training) -> None:
    """Note that what was trained is saved."""
    write_sealed(path, {"version": VERSION, **encode(training)})


def read_training(path: Path) -> Training:
    """Return what `write_training` noted, in this version or an earlier one.

    Raises what `read_sealed` and `decode` raise for anything else.
    """
    data = read_sealed(path)
    if data.get("version", 1) < VERSION:
        data = {"train_info": training_of_version_1(data), "costs": _costs_of_version_1(data)}
    return decode(Training, {key: value for key, value in data.items() if key != "version"})


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Note that a suite is scored and its files are whole."""
    write_sealed(path, encode(evaluation))


def read_evaluation(path: Path) -> Evaluation:
    """Return what `write_evaluation` noted. Raises what `read_sealed` and `decode` raise for anything else."""
    return decode(Evaluation, read_sealed(path))


def result_of_version_1(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a result of the first version as those of this one."""
    info = fields["train_info"]
    trained = training_of_version_1(info)
    merged = {name: each for name, each in info.get("guards", {}).items() if name == _MERGE}
    return {
        **fields,
        "train_info": trained,
        "costs": _costs_of_version_1(info),
        "measurements": _measurements(merged),
        "latency": info.get("latency"),
    }


def training_of_version_1(info: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the training record in a `train_info` of the first version, None in the base's."""
    if "losses" not in info:
        return None
    kept = {key: value for key, value in info.items() if key not in _NOT_OF_TRAINING}
    guards = {name: each for name, each in info.get("guards", {}).items() if name != _MERGE}
    return {
        **kept,
        "matched": info.get("settled"),
        "measurements": _measurements(guards),
        "stages": [training_of_version_1(stage) for stage in info.get("stages", ())],
    }


def _costs_of_version_1(info: Mapping[str, Any]) -> dict[str, Any]:
    return {key: info[key] for key in _COSTS if key in info}


_MERGE = "merged_scores_agree"
_COSTS = ("seconds", "rss_max", "accelerator_memory_allocated_max", "accelerator_memory_max", "file_size")
_NOT_OF_TRAINING = {*_COSTS, "status", "tokens_per_second", "guards", "settled", "latency", "stages"}


def _measurements(guards: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: {
            "name": name,
            "passed": guard["passed"],
            "details": {key: value for key, value in guard.items() if key != "passed"},
        }
        for name, guard in guards.items()
    }

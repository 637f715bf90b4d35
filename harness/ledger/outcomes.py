"""Results and failures as JSON, both ways."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from harness.records import Cell, CellFailure, CellResult, Evaluation

Outcome = CellResult | CellFailure


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as ``result.json`` holds it; `status` tells a result from a failure."""
    status = "success" if isinstance(outcome, CellResult) else "failed"
    return {"status": status, **asdict(outcome)}


def from_json(data: Mapping[str, Any]) -> Outcome:
    """Return the outcome that `to_json` wrote."""
    fields = {key: value for key, value in data.items() if key != "status"}
    fields["cell"] = Cell(**fields["cell"])
    if data["status"] == "failed":
        return CellFailure(**fields)
    fields["evaluations"] = tuple(Evaluation(**each) for each in fields["evaluations"])
    return CellResult(**fields)

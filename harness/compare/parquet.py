"""A run's scores and records as parquet beside it, for queries over many runs (``docs/many-runs.md``)."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.compare.exported import exported
from harness.compare.tidy import arrow_table
from harness.errors import MissingExtraError
from harness.extras import install_command
from harness.ledger import Outcome, RunFolder
from harness.ledger.files import sync
from harness.records import CellFailure

SCORES = "scores.parquet"
CELLS = "cells.parquet"

_COLUMNS = {
    "cell": "string",
    "model": "string",
    "recipe": "string",
    "seed": "int64",
    "status": "string",
    "failure": "string",
    "message": "string",
    "train_seconds": "float64",
    "evaluate_seconds": "float64",
    "total_seconds": "float64",
    "rss_max": "int64",
    "file_size": "int64",
    "trainable": "int64",
    "tokens": "int64",
}


def write_parquet(run: RunFolder) -> tuple[Path, Path]:
    """Write every item's score and every cell's record of a run beside it, and return the two files.

    Raises `MissingExtraError` without pyarrow, `ComparisonError` and `DamagedError` as reading scores does.
    """
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError(f"writing parquet needs pyarrow: `{install_command('parquet')}`.") from error
    types = {name: getattr(arrow, kind)() for name, kind in _COLUMNS.items()}
    rows = list(_rows(run.outcomes))
    columns = {name: arrow.array([row.get(name) for row in rows], kind) for name, kind in types.items()}
    tables = {SCORES: arrow_table(exported(run)), CELLS: arrow.table(columns)}
    for name, table in tables.items():
        _write(parquet, table, run.folder / name)
    return run.folder / SCORES, run.folder / CELLS


def _rows(outcomes: Sequence[Outcome]) -> Iterator[Mapping[str, Any]]:
    for each in outcomes:
        cell = each.cell
        of_all = {"cell": cell.id, "model": cell.model, "recipe": cell.recipe, "seed": cell.seed}
        if isinstance(each, CellFailure):
            yield {**of_all, "status": "failed", "failure": each.kind, "message": each.message}
            continue
        trained = each.train_info
        yield {
            **of_all,
            "status": "success",
            "train_seconds": each.costs.seconds.get("train"),
            "evaluate_seconds": each.costs.seconds.get("evaluate"),
            "total_seconds": each.costs.total_seconds,
            "rss_max": each.costs.rss_max,
            "file_size": each.costs.file_size,
            "trainable": None if trained is None else trained.num_trainable_params,
            "tokens": None if trained is None else trained.tokens,
        }


def _write(parquet: Any, table: Any, path: Path) -> None:
    """Write a table so that a reader sees the old file or the new one."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as beside:
        made = Path(beside) / path.name
        parquet.write_table(table, made)
        sync(made)
        made.replace(path)
    sync(path.parent)

"""Scores as one tidy table: a row an item, trained model and metric."""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

UNKNOWN_MODEL = "unknown"
"""The label of a base model that is not recorded."""


class Score(NamedTuple):
    """One item's score by one metric, as it was logged: nothing is oriented or scaled.

    `model` is the label of the base model, `recipe` what was trained on it (``base``: nothing), `seed` the training
    seed, None where it is not known or there is none. `suite` is a task, `role` what it is scored for in an experiment,
    None in logs from elsewhere. `item` names the same item in every table, `cluster` the items that depend on each
    other. A metric under a filter carries it: ``exact_match,strict-match``.

    A named tuple and not a dataclass like other records: a run has hundreds of thousands of them.
    """

    model: str
    recipe: str
    seed: int | None
    suite: str
    role: str | None
    item: str
    cluster: str | None
    metric: str
    score: float


COLUMNS = Score._fields


def as_table(scores: Iterable[Score]) -> Any:
    """Return scores with the columns `COLUMNS` as whichever table is installed.

    That is a ``pandas.DataFrame``, in which a missing seed is ``pandas.NA``, else a ``pyarrow.Table``, else a list of
    `Score`.
    """
    if find_spec("pandas"):
        frame = import_module("pandas").DataFrame(scores, columns=COLUMNS)
        return frame.astype({"seed": "Int64", "score": "float64"})
    return arrow_table(scores) if find_spec("pyarrow") else list(scores)


def as_parquet(scores: Iterable[Score]) -> bytes:
    """Return scores as a parquet file with the columns `COLUMNS`, seeds as whole numbers. Needs the extra `parquet`."""
    buffer = import_module("pyarrow").BufferOutputStream()
    import_module("pyarrow.parquet").write_table(arrow_table(scores), buffer)
    return bytes(buffer.getvalue())


def arrow_table(scores: Iterable[Score]) -> Any:
    """Return scores with the columns `COLUMNS` as a ``pyarrow.Table``; pyarrow is installed."""
    records = list(scores)
    arrow = import_module("pyarrow")
    types = {"seed": arrow.int64(), "score": arrow.float64()}
    schema = arrow.schema([(name, types.get(name, arrow.string())) for name in COLUMNS])
    columns = zip(*records, strict=True) if records else [()] * len(COLUMNS)
    return arrow.table(dict(zip(COLUMNS, map(list, columns), strict=True)), schema=schema)

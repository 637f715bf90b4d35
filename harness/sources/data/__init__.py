"""Training rows from wherever the spec says: a task, a file, the hub, or a third party's source.

A file a source, behind one contract; a plug-in of the group ``harness.data_sources`` is looked up by its name.
"""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext

from harness.contamination import Passage
from harness.errors import PluginError, SourceError, TaskError
from harness.registry import find, plugins
from harness.sources.data._base import COLUMNS, RENDERED, DataContext, DataSource, Row, rows_sha256
from harness.sources.data.csv_file import CsvSource
from harness.sources.data.hub import HubSource
from harness.sources.data.jsonl import JsonlSource
from harness.sources.data.parquet_file import ParquetSource
from harness.sources.data.task import TaskSource
from harness.spec.records import Data
from harness.suites.drawing import labels_in
from harness.suites.weights import weight_in
from harness.witness import looking_through

__all__ = [
    "COLUMNS",
    "RENDERED",
    "DataContext",
    "DataSource",
    "Row",
    "data_source",
    "read_passages",
    "read_rows",
    "rows_sha256",
]

_OWN: Mapping[str, type[DataSource]] = {
    "task": TaskSource,
    "jsonl": JsonlSource,
    "csv": CsvSource,
    "parquet": ParquetSource,
    "hub": HubSource,
}


def read_rows(declared: Data, context: DataContext) -> list[Row]:
    """Return the rows of `declared`, one at least, with `prompt` and `completion`, perhaps `RENDERED` and labels.

    Raises `SourceError` or `TaskError` where there are none, `PluginError` for a third party's source that cannot be
    loaded or returns something else.
    """
    with nullcontext() if declared.source in _OWN else looking_through():
        rows = list(data_source(declared.source).rows(declared, context))
    for place, row in enumerate(rows):
        if any(not isinstance(row.get(column), str) for column in COLUMNS):
            raise PluginError(f"{_called(declared)}: row {place} has no strings `prompt` and `completion`: {row!r:.80}")
    if not rows:
        raise TaskError(f"{_called(declared)} gives no rows of the split {declared.split!r}.")
    return [_kept(place, row, declared) for place, row in enumerate(rows)]


def read_passages(declared: Data, context: DataContext) -> Iterator[Passage]:
    """Yield every row of `declared` as the contamination check compares it. Raises as `read_rows` does."""
    return data_source(declared.source).passages(declared, context)


def data_source(name: str) -> DataSource:
    """Return a source, made anew: one of ours, else the installed plug-in of that name.

    Raises `SourceError` where there is none, `PluginError` where it does not keep the contract.
    """
    if name in _OWN:
        return _OWN[name]()
    plugin = find("data_sources", name)
    if plugin is None:
        known = ", ".join([*_OWN, *plugins("data_sources")])
        raise SourceError(f"no data source is called {name!r}. There are {known}; install the package that brings it.")
    target = plugin.load()
    if not (isinstance(target, type) and issubclass(target, DataSource)):
        raise PluginError(f"{plugin} is not a subclass of harness.sources.data.DataSource: {target!r}.")
    if target.__abstractmethods__:
        raise PluginError(f"{plugin} lacks the method {' and '.join(sorted(target.__abstractmethods__))}.")
    return target()


def _kept(place: int, row: Row, declared: Data) -> Row:
    try:
        weight = weight_in(row)
    except ValueError as error:
        raise PluginError(f"{_called(declared)}: row {place}: {error}.") from error
    return {**{column: row[column] for column in (*COLUMNS, RENDERED) if column in row}, **labels_in(row), **weight}


def _called(declared: Data) -> str:
    return str(find("data_sources", declared.source) or f"the data source {declared.source}")

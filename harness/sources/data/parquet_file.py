"""Rows from a Parquet file."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import TaskError
from harness.sources.data._base import DataContext, DataSource, Row
from harness.sources.data.shapes import numbered, shaped
from harness.spec.records import Data


class ParquetSource(DataSource):
    """`path`, and perhaps `columns`."""

    def rows(self, declared: Data, context: DataContext) -> Sequence[Row]:
        """Read the file."""
        path = Path(str(declared.path))
        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise TaskError(f"{path}: cannot be read as Parquet: {error}.") from error
        return shaped(str(path), numbered(table.to_pylist()), declared.columns, context)

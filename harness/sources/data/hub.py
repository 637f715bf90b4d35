"""Rows from a data set on the Hugging Face hub with the columns `prompt` and `completion`."""

from collections.abc import Sequence

import datasets

from harness.errors import SourceError
from harness.sources.data._base import COLUMNS, DataContext, DataSource, Row
from harness.spec.records import Data


class HubSource(DataSource):
    """`id`, `revision`, perhaps the configuration's `name`, and `split`; values are taken as text."""

    def rows(self, declared: Data, context: DataContext) -> Sequence[Row]:
        """Load the split through `datasets`, which keeps it in its own cache."""
        del context
        try:
            table = datasets.load_dataset(declared.id, declared.name, split=declared.split, revision=declared.revision)
        except Exception as error:
            raise SourceError(
                f"the data set {declared.id} could not be loaded from the hub ({type(error).__name__}: {error}). "
                "Check the network, the id and the revision."
            ) from error
        missing = [column for column in COLUMNS if column not in table.column_names]
        if missing:
            raise SourceError(
                f"the data set {declared.id} lacks the column {' and '.join(missing)}; it has {table.column_names}."
            )
        return [{column: str(row[column]) for column in COLUMNS} for row in table]

"""Rows from a data set on the Hugging Face hub, or in a folder that `datasets` reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets

from harness.errors import SourceError
from harness.sources.data._base import DataContext, DataSource, Row
from harness.sources.data.shapes import numbered, shaped
from harness.spec.records import Data

_SAVED = ("state.json", "dataset_dict.json")
"""Files of a folder that `save_to_disk` wrote: a data set, or several splits."""


class HubSource(DataSource):
    """`id`, `revision`, perhaps the configuration's `name`, `split` and `columns`; `id` may be a folder's path."""

    def rows(self, declared: Data, context: DataContext) -> Sequence[Row]:
        """Load the split through `datasets`, which keeps it in its own cache."""
        try:
            table = _table(declared)
        except Exception as error:
            raise SourceError(
                f"the data set {declared.id} could not be loaded from the hub ({type(error).__name__}: {error}). "
                "Check the network, the id and the revision."
            ) from error
        return shaped(f"the data set {declared.id}", numbered(table), declared.columns, context)


def _table(declared: Data) -> Any:
    folder = Path(str(declared.id))
    if any((folder / name).is_file() for name in _SAVED):
        saved = datasets.load_from_disk(str(folder))
        return saved[declared.split] if isinstance(saved, datasets.DatasetDict) else saved
    return datasets.load_dataset(declared.id, declared.name, split=declared.split, revision=declared.revision)

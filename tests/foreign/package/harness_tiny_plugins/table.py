"""Training rows from a table with a column that asks and a column that answers."""

import csv

from harness.errors import TaskError
from harness.sources.data import DataSource


class TableSource(DataSource):
    """A CSV file; the options say where it is and which columns ask and answer."""

    def rows(self, declared, context):
        options = declared.options
        path = context.beside / options["path"]
        if declared.split != "train" or not path.is_file():
            raise TaskError(f"{path}: no table with the split {declared.split!r}.")
        with path.open(newline="") as file:
            return [
                {"prompt": f"{row[options['asks']]}\nAnswer:", "completion": f" {row[options['answers']]}"}
                for row in csv.DictReader(file)
            ]

"""Scores from CSV files, one for each trained model."""

import csv

from harness.compare.sources import ScoreSource
from harness.compare.tidy import Score
from harness.errors import ComparisonError


class CsvSource(ScoreSource):
    """A file a trained model, with the columns item, suite and acc."""

    def recognises(self, path):
        return path.suffix == ".csv" and path.is_file()

    def read(self, path):
        with path.open(newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                try:
                    score = float(row["acc"])
                except ValueError as error:
                    raise ComparisonError(f"{path}:{number}: {row['acc']!r} is not a number.") from error
                yield Score(
                    model="unknown",
                    recipe=path.stem,
                    seed=None,
                    suite=row["suite"],
                    role=None,
                    item=row["item"],
                    cluster=None,
                    metric="acc",
                    score=score,
                )

"""Our own sources of scores keep the contract that a third party's has to keep, and so does a small table."""

import csv
import json

import pytest

from harness.compare.sources import ScoreSource
from harness.compare.sources.lm_eval import LmEvalSource
from harness.compare.sources.run_folder import RunFolderSource
from harness.compare.tidy import Score
from harness.errors import ComparisonError
from harness.testing.score_sources import ScoreSourceContract
from helpers.logs import line, write
from helpers.runs import scored_run


class CsvSource(ScoreSource):
    """What a third party would write: a table of item, suite and accuracy, a file a trained model."""

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
                    model="m",
                    recipe=path.stem,
                    seed=1,
                    suite=row["suite"],
                    role=None,
                    item=row["item"],
                    cluster=None,
                    metric="acc",
                    score=score,
                )


def table(path, *scores):
    rows = [f"{k},{suite},{score}" for suite in ("near", "far") for k, score in enumerate(scores)]
    path.write_text("\n".join(["item,suite,acc", *rows]))
    return path


class TestLmEval(ScoreSourceContract):
    @pytest.fixture
    def source(self):
        return LmEvalSource()

    @pytest.fixture
    def path(self, tmp_path):
        for task in ("near", "far"):
            write(tmp_path / "whole", task, [line(k, float(k % 2), cluster=f"p{k // 3}") for k in range(9)])
        return tmp_path / "whole"

    @pytest.fixture
    def damaged(self, tmp_path):
        file = write(tmp_path / "cut", "near", [line(k, 1.0) for k in range(3)], model="cut")
        file.write_text(file.read_text()[:-9])
        return tmp_path / "cut"


class TestRunFolder(ScoreSourceContract):
    @pytest.fixture
    def source(self):
        return RunFolderSource()

    @pytest.fixture
    def path(self, tmp_path, tiny_spec):
        return scored_run(tmp_path / "whole", tiny_spec).folder

    @pytest.fixture
    def damaged(self, tmp_path, tiny_spec):
        run = scored_run(tmp_path / "cut", tiny_spec)
        file = next(run.folder.rglob("samples_*"))
        file.write_text(file.read_text()[:-9])
        return run.folder

    @pytest.fixture
    def one_model(self):
        return None


class TestTable(ScoreSourceContract):
    @pytest.fixture
    def source(self):
        return CsvSource()

    @pytest.fixture
    def path(self, tmp_path):
        return table(tmp_path / "whole.csv", 1.0, 0.0, 1.0)

    @pytest.fixture
    def damaged(self, tmp_path):
        return table(tmp_path / "cut.csv", 1.0, "")


def test_a_stand_in_run_is_what_the_schema_of_a_lock_says(tmp_path, tiny_spec):
    run = scored_run(tmp_path / "whole", tiny_spec)
    assert json.loads((run.folder / "spec.lock.json").read_text())["cells"] == list(run.cell_ids)
    assert len(run.outcomes) == 5

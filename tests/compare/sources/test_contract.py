"""Our own sources of scores keep the contract that a third party's has to keep."""

import json

import pytest

from harness.compare.sources.lm_eval import LmEvalSource
from harness.compare.sources.run_folder import RunFolderSource
from harness.testing.score_sources import ScoreSourceContract
from helpers.logs import line, write
from helpers.runs import scored_run


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


def test_a_stand_in_run_is_what_the_schema_of_a_lock_says(tmp_path, tiny_spec):
    run = scored_run(tmp_path / "whole", tiny_spec)
    assert json.loads((run.folder / "spec.lock.json").read_text())["cells"] == list(run.cell_ids)
    assert len(run.outcomes) == 5

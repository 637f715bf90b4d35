"""Our own sources of scores keep the contract that a third party's has to keep."""

import json

import pytest

from harness.compare.sources.lm_eval import LmEvalSource
from harness.compare.sources.run_folder import RunFolderSource
from harness.compare.sources.table import TableSource
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


class TestTable(ScoreSourceContract):
    suffix = ".csv"

    @pytest.fixture
    def source(self):
        return TableSource()

    @pytest.fixture
    def path(self, tmp_path):
        return self.write(tmp_path / f"whole{self.suffix}", [str(k % 2) for k in range(6)])

    @pytest.fixture
    def damaged(self, tmp_path):
        return self.write(tmp_path / f"cut{self.suffix}", ["1", "good", "0"])

    def write(self, path, scores):
        rows = [f"lora,1,{suite},q{k},p{k // 3},{score}" for suite in ("near", "far") for k, score in enumerate(scores)]
        path.write_text("\n".join(["arm,seed,suite,item,cluster,score", *rows]))
        return path


class TestTableOfLines(TestTable):
    suffix = ".jsonl"

    def write(self, path, scores):
        labels = {"recipe": "lora", "seed": 1, "suite": "near"}
        rows = [{**labels, "item": k, "score": json.loads(s) if s.isdecimal() else s} for k, s in enumerate(scores)]
        path.write_text("\n".join(map(json.dumps, rows)))
        return path


class TestTableOfSeveral(TestTable):
    @pytest.fixture
    def one_model(self):
        return None

    def write(self, path, scores):
        rows = [f"{arm},{k},near,q,{score}" for arm in ("full", "lora") for k, score in enumerate(scores)]
        path.write_text("\n".join(["arm,seed,suite,item,score", *rows]))
        return path


def test_a_stand_in_run_is_what_the_schema_of_a_lock_says(tmp_path, tiny_spec):
    run = scored_run(tmp_path / "whole", tiny_spec)
    assert json.loads((run.folder / "spec.lock.json").read_text())["cells"] == list(run.cell_ids)
    assert len(run.outcomes) == 5

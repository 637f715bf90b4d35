"""The plug-ins of the package keep harness's contracts: they are taken as harness finds them, by their entry points."""

import json

import pytest

from harness.registry import find
from harness.spec import load_recipe
from harness.spec.records import Data, Layers
from harness.testing.data_sources import DataSourceContract
from harness.testing.diagnostics import DiagnosticContract
from harness.testing.executors import ExecutorContract
from harness.testing.layer_strategies import LayerStrategyContract
from harness.testing.methods import MethodContract
from harness.testing.score_sources import ScoreSourceContract


class TestGains(MethodContract):
    @pytest.fixture
    def recipe(self, tmp_path):
        file = tmp_path / "gains--upper.json"
        file.write_text(json.dumps({"gains": {"module": "mlp.down_proj"}, "layers": {"strategy": "last", "count": 2}}))
        return load_recipe(str(file), beside=tmp_path)


class TestOutermost(LayerStrategyContract):
    @pytest.fixture
    def layers(self):
        return Layers(strategy="outermost", count=3, options={"first": "output"})


class TestWeightiest(LayerStrategyContract):
    @pytest.fixture
    def layers(self):
        return Layers(strategy="weightiest", count=2, options={"part": "self_attn"})


class TestTable(DataSourceContract):
    @pytest.fixture
    def source(self):
        return find("data_sources", "table").load()()

    @pytest.fixture
    def declared(self, tmp_path):
        return declare(tmp_path / "faq.csv", "Q,A\nWhat is it?,A pump.\nWhere?,Here.\n")

    @pytest.fixture
    def other(self, tmp_path):
        return declare(tmp_path / "more.csv", "Q,A\nWhen?,Now.\n")

    @pytest.fixture
    def absent(self, tmp_path):
        return declare(tmp_path / "nothing.csv", None)


def declare(file, text):
    if text is not None:
        file.write_text(text)
    return Data(source="table", options={"path": str(file), "asks": "Q", "answers": "A"})


class TestCsv(ScoreSourceContract):
    @pytest.fixture
    def source(self):
        return find("score_sources", "csv").load()()

    @pytest.fixture
    def path(self, tmp_path):
        file = tmp_path / "lora.csv"
        file.write_text("item,suite,acc\n1,near,1\n2,near,0\n1,far,0.5\n")
        return file

    @pytest.fixture
    def damaged(self, tmp_path):
        file = tmp_path / "cut.csv"
        file.write_text("item,suite,acc\n1,near,\n")
        return file


class TestWrapped(ExecutorContract):
    @pytest.fixture
    def executor(self, log):
        with find("executors", "wrapped").load()(log, command=["nice"]) as opened:
            yield opened


class TestDrift(DiagnosticContract):
    @pytest.fixture
    def make(self):
        drift = find("diagnostics", "drift").load()
        return lambda: drift(every=2, limit=0.5)

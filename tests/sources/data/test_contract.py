"""Our own sources of training rows keep the contract that a third party's has to keep."""

import json

import pytest

from harness.sources.data import DataContext
from harness.sources.data.hub import HubSource
from harness.sources.data.jsonl import JsonlSource
from harness.sources.data.task import TaskSource
from harness.spec.records import Data
from harness.testing.data_sources import DataSourceContract


def write_rows(path, *rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"prompt": p, "completion": c}) + "\n" for p, c in rows))
    return path


class TestTask(DataSourceContract):
    @pytest.fixture
    def source(self):
        return TaskSource()

    @pytest.fixture
    def declared(self):
        return Data(source="task", task="sums")

    @pytest.fixture
    def other(self):
        return Data(source="task", task="sums_far")

    @pytest.fixture
    def absent(self):
        return Data(source="task", task="sums", split="validation")

    @pytest.fixture
    def context(self, tiny_spec):
        return DataContext(beside=tiny_spec.parent)


class TestJsonl(DataSourceContract):
    @pytest.fixture
    def source(self):
        return JsonlSource()

    @pytest.fixture
    def declared(self, tmp_path):
        return Data(source="jsonl", path=str(write_rows(tmp_path / "rows.jsonl", ("a", " b"), ("c", " d"))))

    @pytest.fixture
    def other(self, tmp_path):
        return Data(source="jsonl", path=str(write_rows(tmp_path / "other.jsonl", ("a", " b"))))

    @pytest.fixture
    def absent(self, tmp_path):
        return Data(source="jsonl", path=str(tmp_path / "nothing.jsonl"))


class TestHub(DataSourceContract):
    """A folder of files stands in for a data set on the hub."""

    @pytest.fixture(autouse=True)
    def cache(self, tmp_path, monkeypatch):
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")

    @pytest.fixture
    def source(self):
        return HubSource()

    @pytest.fixture
    def declared(self, tmp_path):
        write_rows(tmp_path / "set" / "train.jsonl", ("a", " b"), ("c", " d"))
        write_rows(tmp_path / "set" / "validation.jsonl", ("e", " f"))
        return Data(source="hub", id=str(tmp_path / "set"), revision="main")

    @pytest.fixture
    def other(self, declared):
        return Data(source="hub", id=declared.id, revision="main", split="validation")

    @pytest.fixture
    def absent(self, tmp_path):
        return Data(source="hub", id=str(tmp_path / "nothing"), revision="main")

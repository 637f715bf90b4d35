"""A third party's source is found by its name, and what does not keep the contract is said with its name."""

import pytest

from harness.errors import PluginError, SourceError, TaskError
from harness.registry import Plugin
from harness.sources import data
from harness.sources.data import DataContext, DataSource, read_passages, read_rows
from harness.spec.records import Data


class Counting(DataSource):
    """As many rows as the file's name says."""

    def rows(self, declared, context):
        return [{"prompt": f"{n}", "completion": f" {n + 1}", "more": "left out"} for n in range(int(declared.path))]


class Numbers(DataSource):
    def rows(self, declared, context):
        return [{"prompt": "1", "completion": 2}]


class Unfinished(DataSource):
    pass


@pytest.fixture
def installed(monkeypatch):
    def install(name):
        plugin = Plugin("data_sources", "counting", f"{__name__}:{name}", "tiny", "1.0")
        monkeypatch.setattr(Plugin, "load", lambda _self: globals()[name])
        monkeypatch.setattr(data, "find", lambda _kind, asked: plugin if asked == "counting" else None)

    return install


@pytest.fixture
def context(tmp_path):
    return DataContext(beside=tmp_path)


def test_its_rows_train_and_are_compared(installed, context):
    installed("Counting")
    declared = Data(source="counting", path="3")
    assert read_rows(declared, context)[2] == {"prompt": "2", "completion": " 3"}
    assert next((each.id, each.whole) for each in read_passages(declared, context)) == ("1", "0  1")


def test_no_rows_are_an_error(installed, context):
    installed("Counting")
    with pytest.raises(TaskError, match=r"`counting` of tiny .* gives no rows of the split 'train'"):
        read_rows(Data(source="counting", path="0"), context)


def test_rows_that_are_not_text_are_refused(installed, context):
    installed("Numbers")
    with pytest.raises(PluginError, match=r"`counting` of tiny .* row 0 has no strings"):
        read_rows(Data(source="counting"), context)


def test_a_source_that_lacks_a_method_is_refused(installed, context):
    installed("Unfinished")
    with pytest.raises(PluginError, match=r"`counting` of tiny .* lacks the method rows"):
        read_rows(Data(source="counting"), context)


def test_something_else_is_refused(installed, context):
    installed("installed")
    with pytest.raises(PluginError, match=r"is not a subclass of harness\.sources\.data\.DataSource"):
        read_rows(Data(source="counting"), context)


def test_an_unknown_name_is_refused_with_the_known_ones(context):
    with pytest.raises(SourceError, match=r"no data source is called 'unknown'\. There are task, jsonl, csv, parquet"):
        read_rows(Data(source="unknown"), context)

"""Scores as a table: a row an item, trained model and metric, as whichever table is installed."""

import importlib.util

import pytest

from harness.compare import tidy
from harness.compare.sources import read_tidy
from harness.compare.tidy import COLUMNS, Score, as_table
from helpers.logs import line, write
from helpers.runs import scored_run

ONE = Score(model="m", recipe="r", seed=None, suite="s", role="guard", item="i", cluster=None, metric="acc", score=1.0)
SCORES = (ONE, ONE._replace(seed=7, cluster="c", score=0.25))


def without(monkeypatch, *missing):
    there = importlib.util.find_spec
    monkeypatch.setattr(tidy, "find_spec", lambda name: None if name in missing else there(name))


def test_a_table_is_a_data_frame_where_pandas_is_installed():
    pandas = pytest.importorskip("pandas")
    frame = as_table(iter(SCORES))
    assert isinstance(frame, pandas.DataFrame)
    assert tuple(frame.columns) == COLUMNS
    assert frame["score"].tolist() == [1.0, 0.25]
    assert frame["seed"].isna().tolist() == [True, False]
    assert (str(frame["seed"].dtype), str(frame["score"].dtype)) == ("Int64", "float64")
    empty = as_table([])
    assert tuple(empty.columns) == COLUMNS
    assert empty.dtypes[["seed", "score"]].equals(frame.dtypes[["seed", "score"]])


def test_a_table_is_an_arrow_table_where_there_is_no_pandas(monkeypatch):
    arrow = pytest.importorskip("pyarrow")
    without(monkeypatch, "pandas")
    table = as_table(iter(SCORES))
    assert isinstance(table, arrow.Table)
    assert [Score(**row) for row in table.to_pylist()] == list(SCORES)
    assert as_table([]).schema == table.schema


def test_a_table_is_the_records_where_there_is_neither(monkeypatch):
    without(monkeypatch, "pandas", "pyarrow")
    assert as_table(iter(SCORES)) == list(SCORES)


def test_a_run_has_a_row_an_item_of_every_cell_and_suite(tmp_path, tiny_spec):
    scores = list(read_tidy(scored_run(tmp_path / "run", tiny_spec).folder))
    assert len(scores) == 5 * 2 * 9
    assert {each.model for each in scores} == {"random-llama"}
    assert {(each.recipe, each.seed) for each in scores} == {
        ("base", None),
        *((recipe, seed) for recipe in ("full--default", "lora--tiny") for seed in (1, 2)),
    }
    assert {(each.suite, each.role, each.metric) for each in scores} == {
        ("sums", "in_domain", "acc"),
        ("sums_far", "out_of_domain", "acc"),
    }
    assert {each.cluster for each in scores} == {f"c{k}" for k in range(5)}


def test_an_item_has_one_name_in_all_cells(tmp_path, tiny_spec):
    scores = [each for each in read_tidy(scored_run(tmp_path / "run", tiny_spec).folder) if each.suite == "sums"]
    names = [each.item for each in scores if each.recipe == "base"]
    assert len(set(names)) == 9
    for recipe, seed in {(each.recipe, each.seed) for each in scores}:
        assert [each.item for each in scores if (each.recipe, each.seed) == (recipe, seed)] == names


def test_logs_have_the_model_that_adapters_were_laid_over(tmp_path):
    lines = [line(k, 1.0) for k in range(3)]
    given = {"model": "hf", "model_args": "pretrained=org/base,peft=out/lora"}
    write(tmp_path / "lora", "near", lines, config=given, model_name="out/lora")
    write(tmp_path / "full", "near", lines, config={"model_args": {"pretrained": "org/base"}})
    write(tmp_path / "other", "near", lines, model_name="org/base")
    write(tmp_path / "bare", "near", lines, results=False)
    models = {name: {each.model for each in read_tidy(tmp_path / name)} for name in ("lora", "full", "other", "bare")}
    assert models == {"lora": {"org/base"}, "full": {"org/base"}, "other": {"org/base"}, "bare": {"unknown"}}


def test_of_several_evaluations_of_a_task_the_newest_is_read(tmp_path):
    write(tmp_path / "run", "near", [line(0, 0.0)])
    write(tmp_path / "run", "near", [line(0, 1.0)], time="2026-02-03T04-05-06.789012")
    assert [(each.recipe, each.score) for each in read_tidy(tmp_path / "run")] == [("run", 1.0)]


def test_several_models_in_one_folder_go_by_their_subfolders(tmp_path):
    for model in ("one", "two"):
        write(tmp_path / "run", "near", [line(0, 0.0)], model=model)
    assert [each.recipe for each in read_tidy(tmp_path / "run")] == ["one", "two"]


def test_a_filter_is_part_of_the_metric_and_lists_are_left_out(tmp_path):
    first = line(0, 1.0, "em", kind="strict-match") | {"metrics": ["em", "perplexity"], "perplexity": [1.0, 2.0]}
    write(tmp_path / "run", "near", [first, line(0, 0.0, "em", kind="last")])
    scores = {each.metric: each.score for each in read_tidy(tmp_path / "run")}
    assert scores == {"em,strict-match": 1.0, "em,last": 0.0}

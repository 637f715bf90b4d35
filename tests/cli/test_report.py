"""``harness report``: formats, scores as parquet, and two runs beside each other."""

import json

import pytest

from harness.cli import main
from helpers.runs import scored_run


@pytest.fixture
def run(tiny_spec, tmp_path):
    return scored_run(tmp_path / "one", tiny_spec, items=40)


@pytest.fixture
def other(tiny_spec, tmp_path):
    spec = json.loads(tiny_spec.read_text())
    spec["training"]["max_steps"] = 9
    spec["seeds"] = [1, 2, 3]
    file = tiny_spec.with_name("other.json")
    file.write_text(json.dumps(spec))
    return scored_run(tmp_path / "two", file, items=40, gap=0.0)


def printed(capsys, *words):
    assert main(["report", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_a_report_is_printed_as_asked(run, capsys):
    text = printed(capsys, run.folder)
    assert printed(capsys, run.folder, "--format", "text") == text
    assert "| recipe" in printed(capsys, run.folder, "--format", "markdown")
    assert {"format", "blocks"} <= json.loads(printed(capsys, run.folder, "--format", "json")).keys()
    page = printed(capsys, run.folder, "--format", "html")
    assert page.startswith("<!doctype html>")
    assert '<section id="reproduce"' in page


def test_the_scores_as_parquet_are_those_of_the_csv(run, tmp_path, capsys):
    parquet = pytest.importorskip("pyarrow.parquet")
    pandas = pytest.importorskip("pandas")
    printed(capsys, run.folder, "--csv", tmp_path / "s.csv", "--parquet", tmp_path / "s.parquet")
    table = parquet.read_table(tmp_path / "s.parquet")
    rows = pandas.read_csv(tmp_path / "s.csv")
    assert table.column_names == list(rows.columns)
    assert table.num_rows == len(rows) == 5 * 2 * 40
    assert table["score"].to_pylist() == list(rows["score"])
    assert {str(table.schema.field(name).type) for name in ("seed", "score")} == {"int64", "double"}


def test_two_runs_stand_beside_each_other(run, other, capsys):
    said = printed(capsys, run.folder, "--against", other.folder)
    assert said.startswith("one beside two. Nothing is tested between two runs")
    parts = ("What was declared otherwise", "Verdicts", "Scores")
    assert [said.index(part) for part in parts] == sorted(said.index(part) for part in parts)
    (steps,) = [line.split() for line in said.splitlines() if line.startswith("training.max_steps")]
    assert steps[1:] == ["2", "9"]
    assert "2 seeds" in said
    assert "3 seeds" in said


def test_and_on_a_page(run, other, capsys):
    page = printed(capsys, run.folder, "--against", other.folder, "--format", "html")
    assert "<title>one beside two</title>" in page
    assert '<section id="declared"' in page


def test_a_run_beside_itself_differs_in_nothing(run, capsys):
    said = printed(capsys, run.folder, "--against", run.folder)
    assert "Both declare the same." in said
    assert "(1)" in said


def test_one_that_cannot_be_judged_says_why_in_its_place(run, other, capsys):
    for cell in other.cell_ids:
        (other.cell_folder(cell) / "result.json").unlink(missing_ok=True)
    said = printed(capsys, run.folder, "--against", other.folder)
    assert "two has no verdict: " in said


def test_a_table_of_two_runs_is_refused(run, other, tmp_path, capsys):
    assert main(["report", str(run.folder), "--against", str(other.folder), "--csv", str(tmp_path / "s.csv")]) == 64
    assert "--csv: scores are written of one run" in capsys.readouterr().err

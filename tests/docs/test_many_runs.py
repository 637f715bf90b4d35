"""The queries of docs/many-runs.md run on what `harness report --tables` writes, and find what is there."""

import re
import shutil
from pathlib import Path

import pytest

from harness.cli import main
from harness.compare.parquet import CELLS, SCORES
from harness.records import Cell, CellFailure
from helpers.watchers import run

PAGE = (Path(__file__).parents[2] / "docs" / "many-runs.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_tokenizer_folder):
    """Two run folders, the second with a cell that failed, and their tables."""
    from harness.testing.tiny_spec import write_tiny_spec

    root = tmp_path_factory.mktemp("many")
    (root / "spec").mkdir()
    done, _ = run(write_tiny_spec(root / "spec", tiny_tokenizer_folder), root / "runs" / "one", seeds=(1,))
    shutil.copytree(done.folder, root / "runs" / "two")
    second = type(done)(root / "runs" / "two")
    seed = Cell(id=done.cell_ids[-1], recipe="lora--tiny", seed=1, model=done.outcome(done.cell_ids[-1]).cell.model)
    second.write_outcome(CellFailure(cell=seed, kind="task", stage="load", message="made up"))
    for each in ("one", "two"):
        assert main(["report", str(root / "runs" / each), "--tables"]) in {0, 3}
    return root


def test_the_tables_hold_every_score_and_every_cell_and_the_page_names_their_columns(runs):
    parquet = pytest.importorskip("pyarrow.parquet")
    scores, cells = (parquet.read_table(runs / "runs" / "two" / name) for name in (SCORES, CELLS))
    named = set(re.findall(r"`(\w+)`", "".join(line for line in PAGE.splitlines() if line.startswith("| `"))))
    assert {*scores.column_names, *cells.column_names} <= named
    assert cells["status"].to_pylist() == ["success", "success", "failed"]
    assert cells["message"].to_pylist()[-1] == "made up"
    assert set(scores["recipe"].to_pylist()) == {"base", "full--default"}
    assert not list((runs / "runs" / "two").glob(".*"))


def test_the_queries_find_it(runs, monkeypatch):
    duckdb = pytest.importorskip("duckdb", reason="the queries are DuckDB's")
    monkeypatch.chdir(runs)
    means, failed, hours, behind = (duckdb.sql(query).fetchall() for query in QUERIES)
    assert {(row[0], row[1]) for row in means} == {
        ("one", "base"),
        ("one", "full--default"),
        ("one", "lora--tiny"),
        ("two", "base"),
        ("two", "full--default"),
    }
    assert failed == [("lora--tiny", "task", 1)]
    assert {row[0] for row in hours} == {"base", "full--default", "lora--tiny"}
    assert all(least > 0 for _, _, least, _ in behind)

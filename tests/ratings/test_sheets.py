"""What raters get shows the answers and nothing of whose they are; texts of models are shown and do nothing."""

import base64
import csv
import hashlib
import io
import json
import re

import pytest

from harness.errors import ComparisonError, UsageError
from harness.ratings.export import export
from harness.ratings.key import read_key
from harness.ratings.marks import COLUMNS, MARK_COLUMNS
from helpers.generated import HOSTILE, spec_of
from helpers.runs import scored_run


def texts(exported):
    return [path.read_text(encoding="utf-8-sig") for path in (exported.files.sheet, exported.files.page)]


def test_what_raters_get_names_no_recipe_and_the_key_lies_apart(exported):
    for text in texts(exported):
        assert not any(name in text for name in ("lora", "full--default", "tiny", exported.key.pairs[0].item))
    assert sorted(path.name for path in exported.files.sheet.parent.iterdir()) == ["rate.csv", "rate.html"]
    assert {(each.a, each.b) for each in exported.key.pairs} == {
        ("full--default", "lora--tiny"),
        ("lora--tiny", "full--default"),
    }


def test_the_same_command_gives_the_same_bytes(generated_run, exported, tmp_path):
    again = export(generated_run, tmp_path / "again", key=tmp_path / "again.json", items=12, seed=1)
    assert again.sheet.read_bytes() == exported.files.sheet.read_bytes()
    assert again.page.read_bytes() == exported.files.page.read_bytes()
    assert again.key.read_bytes() == exported.files.key.read_bytes()


def test_the_sheet_has_a_row_a_pair_and_no_formula(exported):
    rows = list(csv.DictReader(io.StringIO(texts(exported)[0], newline="")))
    assert [row["pair"] for row in rows] == [each.pair for each in exported.key.pairs]
    assert tuple(rows[0]) == COLUMNS
    assert {row[column] for row in rows for column in MARK_COLUMNS} == {""}
    answers = [row["answer_a"] for row in rows]
    assert any(text.startswith("'=step") for text in answers)
    assert not any(text.startswith("=") for text in answers)
    assert all("\\u001b[31m" in text for text in answers)


def test_the_page_escapes_every_text_and_runs_its_own_script_alone(exported):
    page = texts(exported)[1]
    assert HOSTILE.partition(" ")[0] not in page
    assert "&lt;script&gt;document.title=&#x27;taken&#x27;" in page
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page
    assert not re.findall(r'(?:src|href)="', page)


def test_a_key_within_what_raters_get_is_refused(generated_run, tmp_path):
    with pytest.raises(UsageError, match=r"key\.json lies in .*raters, which raters get"):
        export(generated_run, tmp_path / "raters", key=tmp_path / "raters" / "key.json", items=4, seed=1)


def test_the_key_of_another_export_is_not_overwritten(generated_run, exported, tmp_path):
    with pytest.raises(UsageError, match="is there already and is another export's"):
        export(generated_run, tmp_path / "raters", key=exported.files.key, items=12, seed=2)
    assert read_key(exported.files.key) == exported.key


def test_candidates_are_those_of_the_spec_or_named_ones_and_the_base_may_be_one(generated_run, tmp_path):
    made = export(generated_run, tmp_path / "r", key=tmp_path / "k.json", items=4, seed=0, candidates=["base"])
    assert read_key(made.key).candidates == ("base",)
    with pytest.raises(UsageError, match=r"--candidate nobody: not a candidate of the run\. There are lora--tiny"):
        export(generated_run, tmp_path / "r", key=tmp_path / "n.json", items=4, seed=0, candidates=["nobody"])


def test_pairs_that_say_the_same_are_counted_and_stay(tmp_path):
    run = scored_run(tmp_path / "run", spec_of(tmp_path / "spec"), answer=lambda cell, k: f"answer {k}")
    made = export(run, tmp_path / "r", key=tmp_path / "k.json", items=6, seed=0)
    assert (made.pairs, made.identical) == (6, 6)


def test_items_that_a_licence_keeps_back_go_to_raters_only_where_that_is_said(tmp_path):
    spec = spec_of(tmp_path / "spec")
    task = tmp_path / "spec" / "tasks" / "sums" / "sums.yaml"
    task.write_text(task.read_text() + "  redistribute: false\n  licence: for us alone\n")
    run = scored_run(tmp_path / "run", spec, answer=lambda cell, k: f"{cell.id} {k}")
    out = {"key": tmp_path / "k.json", "items": 4, "seed": 0}
    with pytest.raises(ComparisonError, match=r"kept back by their licence \(for us alone\).*--include-items sums"):
        export(run, tmp_path / "r", **out)
    assert not (tmp_path / "r").exists()
    assert export(run, tmp_path / "r", **out, include_items=["sums"]).pairs == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not whole JSON"),
        ("[]", "is not an object"),
        ('{"format": 9}', "a key of format 9, and this harness reads 1"),
        ('{"run": "r"}', "is missing"),
    ],
)
def test_what_is_no_key_is_said(tmp_path, content, said):
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(ComparisonError, match=said):
        read_key(path)


def test_a_key_whose_pairs_were_changed_is_refused(exported):
    content = json.loads(exported.files.key.read_text())
    content["pairs"][1] = content["pairs"][0]
    content["pairs"][2]["a"] = "nobody"
    exported.files.key.write_text(json.dumps(content))
    with pytest.raises(ComparisonError, match="a pair is the reference beside one candidate, and there once"):
        read_key(exported.files.key)

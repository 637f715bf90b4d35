"""The verb from end to end: pairs go out, files come back, a report is printed; mistakes are told in a line."""

import csv
import json

import pytest

from harness.cli import main
from helpers.generated import answer, spec_of
from helpers.runs import scored_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rate")
    return scored_run(folder / "run", spec_of(folder / "spec"), items=12, answer=answer)


def filled(folder, name, expertise, right):
    """Fill in the sheet as a rater would: the same mark throughout for each recipe, but for one pair."""
    key = {each["pair"]: each for each in json.loads((folder / "raters.key.json").read_text())["pairs"]}
    with (folder / "raters" / "rate.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for number, row in enumerate(rows):
        for side in "ab":
            better = key[row["pair"]][side].startswith("full") != (number == right)
            row |= {f"right_{side}": int(better), f"coherence_{side}": 4 if better else 2}
        row |= {"preference": "A" if row["right_a"] else "B", "rater": name, "expertise": expertise}
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def test_pairs_go_out_and_marks_come_back_as_a_report(run, tmp_path, monkeypatch, capsys):
    pytest.importorskip("krippendorff", reason="needs the extra `ratings`")
    monkeypatch.chdir(tmp_path)
    assert main(["rate", "export", str(run.folder), "--out", "raters", "--items", "10", "--seed", "2"]) == 0
    said = capsys.readouterr().out
    assert "10 pairs of answers to sums, from training seeds 1, 2, drawn with seed 2" in said
    assert "raters.key.json says which recipe is which: keep it from them" in said
    files = [filled(tmp_path, "Ana", "specialist", 1), filled(tmp_path, "Ben", "student", 2)]
    assert main(["rate", "import", "raters.key.json", *files, "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    tables = [block for block in printed["blocks"] if block.get("headers")]
    assert [[*row[:2]] for row in tables[0]["rows"]] == [
        ["lora--tiny", f"{mark} ({of})"]
        for mark, of in (("right", "0 to 1"), ("coherence", "1 to 5"), ("preference", "0 to 1"))
    ]
    assert main(["rate", "import", "raters.key.json", *files]) == 0
    text = capsys.readouterr().out
    assert "2 raters (expertise: 1 student, 1 specialist)" in text
    assert "2 training seeds: they are the clusters of items" in text
    assert main(["rate", "import", "raters.key.json", files[0], files[0]]) == 64
    assert "pairs twice of one rater" in capsys.readouterr().err


def test_what_cannot_be_rated_is_told(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["rate", "export", str(run.folder), "--out", "raters", "--items", "1"]) == 64
    assert "--items 1: give a number from 2 to 12" in capsys.readouterr().err
    assert main(["rate", "import", "absent.json", "Ana.csv"]) == 64
    assert main(["rate"]) == 64

"""A table of scores is judged as the logs that it was made from, and what is wrong with one is named by row."""

import csv
import json

import numpy as np
import pytest

import harness
from harness.cli import main
from harness.compare.sources import read_tidy
from harness.errors import ComparisonError
from helpers.logs import line, write

ARMS, SEEDS, SUITES = {"full": 0.1, "lora": 0.3, "dora": 0.2}, (1, 2, 3, 4, 5), ("near", "far")
ASKED = ["--in-domain", "near", "--out-of-domain", "far"]
HEAD = ("arm", "seed", "suite", "item", "score")


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Folders of each arm, five seeds each, with options, clusters and a results file for each task."""
    root, rng = tmp_path_factory.mktemp("logs"), np.random.default_rng(3)
    found = {}
    for arm, missed in ARMS.items():
        found[arm] = [root / arm / f"s{seed}" for seed in SEEDS]
        for folder in found[arm]:
            for k, task in enumerate(SUITES):
                lines = [line(i, float(rng.random() > missed), page=f"p{i // 3}") for i in range(60)]
                write(folder, task, lines, time=f"2026-01-02T03-04-0{k}.000000")
    return found


@pytest.fixture(scope="module")
def rows(logs):
    """The rows of a table that was made from the logs."""
    return [
        (arm, seed, score.suite, score.item, score.score)
        for arm, folders in logs.items()
        for seed, folder in zip(SEEDS, folders, strict=True)
        for score in read_tidy(folder)
    ]


@pytest.fixture
def table(tmp_path):
    """Write rows as CSV under some names of columns."""

    def table(rows, head=HEAD):
        path = tmp_path / "scores.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([head, *rows])
        return str(path)

    return table


def printed(words, capsys, code=0):
    assert main(words) == code
    return capsys.readouterr().out


def refused(words, capsys):
    assert main(words) == 64
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


def of_logs(logs, *more):
    full, *others = logs.values()
    candidates = [word for folders in others for word in ("--candidate", *map(str, folders))]
    return ["compare", "--reference", *map(str, full), *candidates, "--names", *logs, *ASKED, "--metric", "acc", *more]


def test_a_table_gives_the_bytes_of_the_logs_that_it_was_made_from(logs, rows, table, capsys):
    expected = printed(of_logs(logs, "--json"), capsys)
    words = ["--reference", "full", *ASKED, "--metric", "acc", "--json"]
    assert printed(["compare", table(rows), *words], capsys) == expected
    assert len(json.loads(expected)["comparisons"]) == 2
    # neither the order of rows nor the kind of the table matters, but arms come in the order in which they are named
    shuffled = np.random.default_rng(1).permutation(len(rows))
    named = ["--candidate", "lora", "dora", *words]
    assert printed(["compare", table([rows[k] for k in shuffled]), *named], capsys) == expected


def test_clusters_of_a_table_are_those_of_the_logs(logs, rows, table, capsys):
    expected = printed(of_logs(logs, "--json", "--cluster", "page"), capsys)
    pages = {score.item: score.cluster for score in _with_pages(logs["full"][0])}
    paged = [(*row, pages[row[3]]) for row in rows]
    words = ["--reference", "full", *ASKED, "--metric", "acc", "--json", "--cluster", "page"]
    assert printed(["compare", table(paged, (*HEAD, "page")), *words], capsys) == expected
    assert json.loads(expected)["comparisons"][0]["units_in"] == 20


def _with_pages(folder):
    from harness.compare.sources.lm_eval import ScoreLabels, read_samples

    labels = ScoreLabels(model="m", recipe="r", suite="near", cluster="page")
    return read_samples(next(folder.rglob("samples_near_*")), labels)


def test_every_kind_of_table_is_the_same(rows, table, tmp_path, capsys):
    pandas, arrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    words = {"reference": "full", "in_domain": ["near"], "out_of_domain": ["far"], "sesoi": 0.02}
    expected = harness.compare(table(rows), **words).to_json()
    records = [dict(zip(HEAD, row, strict=True)) for row in rows]
    frame = pandas.DataFrame(rows, columns=HEAD)
    frame.to_parquet(tmp_path / "scores.parquet")
    (tmp_path / "scores.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    kinds = (records, frame, arrow.table(frame), tmp_path / "scores.parquet", str(tmp_path / "scores.jsonl"))
    assert all(harness.compare(kind, **words).to_json() == expected for kind in kinds)
    renamed = frame.rename(columns={"arm": "recipe"}).astype({"seed": "Int64", "score": "float32"})
    assert harness.compare(renamed, **words).to_json() == expected


def test_roles_metrics_and_the_untuned_model_may_stand_in_the_table(rows, table, capsys):
    role = {"near": "in-domain", "far": "out_of_domain", "kept": "guard"}
    rows = [*rows, *((arm, seed, "kept", item, score) for arm, seed, suite, item, score in rows if suite == "near")]
    untuned = [("base", "", suite, item, float(int(item, 16) % 3 == 0)) for _, _, suite, item, _ in rows[: 2 * 60]]
    untuned += [("base", "", "kept", item, 1.0) for _, _, suite, item, _ in rows[: 2 * 60] if suite == "near"]
    full = [(*row, role[row[2]], "acc") for row in [*rows, *untuned]]
    content = json.loads(
        printed(["compare", table(full, (*HEAD, "role", "metric")), "--reference", "full", "--json"], capsys)
    )
    assert content["candidates"] == ["lora", "dora"]
    assert content["comparisons"][0]["metric"] == "acc"
    assert content["comparisons"][0]["gain_in"] is not None
    assert {each["task"] for each in content["guards"]} == {"kept"}


def test_everything_wrong_with_a_table_is_said_at_once_by_line(rows, table, capsys):
    bad = [[*row, ""] for row in rows]
    bad[3][4] = "good"  # line 5
    bad[10][4] = ""
    bad[50][1] = "01"
    bad[60][5] = "train"
    bad.append(list(bad[20]))
    missing = bad.pop(200)
    said = refused(["compare", table(bad, (*HEAD, "role")), "--reference", "full", *ASKED, "--sesoi", "0.02"], capsys)
    assert "2 scores are not finite numbers (line 5: 'good'; line 12: '')" in said
    assert "seed 1 of full: '1' (line 2) and '01' (line 52)" in said
    assert "1 rows have a role that no suite has; there are in_domain, out_of_domain, guard (line 62: 'train')" in said
    assert f"line {len(bad) + 1} repeats line 22" in said
    assert f"full with seed 2 lacks 1 items of {missing[2]} ({missing[3]}, which full with seed 1 has in line" in said


def test_a_seed_that_is_there_twice_is_one_sentence(rows, table, capsys):
    again = [row for row in rows if row[:2] == ("lora", 2)]
    said = refused(["compare", table([*rows, *again]), "--reference", "full", *ASKED, "--sesoi", "0.02"], capsys)
    lines = f"from line 782 and from line {len(rows) + 62} on"
    assert f"lora with seed 2 has each of its 60 scores on near twice, {lines}" in said
    assert said.count("\n") == 2
    words = ["--reference", "full", *ASKED, "--sesoi", "0.02", "--json"]
    once = json.loads(printed(["compare", table([*rows, *again]), *words, "--duplicates", "once"], capsys))
    assert any("60 repetitions of them, scored alike, count once" in note for note in once.pop("notes"))
    plain = json.loads(printed(["compare", table(rows), *words], capsys))
    assert once == {name: value for name, value in plain.items() if name != "notes"}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--reference", "ful"], "has no arm 'ful'. Did you mean `full`?"),
        (["--reference", "full", "--candidate", "qlora"], "has no arm 'qlora'"),
        (["--reference", "full", "lora"], "--reference takes one of its arms by name"),
        (["--reference", "full", "--names", "a", "b"], "for lm-eval logs alone: --names"),
        (["--reference", "full", "--guard", "kept"], "has no suite 'kept'"),
        (["--reference", "full", "--cluster", "page"], "has no column 'page' to cluster by"),
        (["--reference", "full", "--guard", "near"], "give its folder (--base DIR)"),
    ],
)
def test_names_that_a_table_does_not_have_are_refused(rows, table, capsys, more, message):
    assert message in refused(["compare", table(rows), *ASKED, "--sesoi", "0.02", *more], capsys)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("scores.csv", "arm,seed,suite,item\nfull,1,near,a\n", "has no column score"),
        (
            "scores.csv",
            "arm,seed,suite,item,score\nfull,1,near\n",
            "1 rows do not have 5 fields as the first has (line 2)",
        ),
        ("scores.csv", "arm,seed,suite,item,score\n", "has no rows"),
        ("scores.csv", 'arm,seed,suite,item,score\nfull,1,near,"a,1\n', "this is not CSV, or it was cut off"),
        ("scores.csv", "", "has no column arm, seed, suite, item, score"),
        ("scores.jsonl", '{"arm": "full"}\n{"arm": \n', "1 lines are not a JSON object each (line 2)"),
        ("scores.jsonl", '{"arm": "a", "seed": 1, "suite": "near", "item": 1, "score": "0.5"}\n', "line 1: '0.5'"),
        ("scores.csv", "arm,seed,suite,item,score\n,x,near,a,1\nfull,1.5,near,a,nan\n", "1 rows have no arm (line 2)"),
        ("scores.csv", None, "cannot be read (No such file or directory)"),
    ],
)
def test_what_is_no_table_is_said(tmp_path, capsys, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    assert message in refused(["compare", str(path), "--reference", "full", "--in-domain", "near"], capsys)


def test_a_frame_is_refused_by_row(rows):
    records = [dict(zip(HEAD, row, strict=True)) for row in rows]
    records[7]["score"] = None
    with pytest.raises(ComparisonError, match=r"the table: 1 scores are not finite numbers \(row 8\)"):
        harness.compare(records, reference="full", in_domain=["near"], sesoi=0.02)
    with pytest.raises(ComparisonError, match="a int is no table of scores"):
        harness.compare(7, reference="full")


def test_runs_that_are_copies_are_refused_where_scores_can_tell(table, capsys):
    rng = np.random.default_rng(2)
    values = {arm: rng.normal(size=60) for arm in ("full", "lora")}
    rows = [
        (arm, seed, suite, f"i{k}", float(value) + (seed if arm == "full" else 0))
        for arm in values
        for seed in (1, 2, 3)
        for suite in SUITES
        for k, value in enumerate(values[arm])
    ]
    said = refused(["compare", table(rows), "--reference", "full", *ASKED, "--sesoi", "0.1"], capsys)
    assert "lora/seed 1 and" in said
    assert "may be a copy of the other" in said

"""docs/claims.md and its machine-readable twin are what the listed claims and the extracts of runs give."""

import json
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def script(docs_scripts):
    return docs_scripts("claims")


@pytest.fixture(scope="module")
def decided(script):
    return script.decisions()


def test_page_and_twin_are_what_the_script_writes(script, decided):
    assert script.DECIDED.read_text(encoding="utf-8") == script.as_json(decided), "run python docs/claims.py"
    assert script.PAGE.read_text(encoding="utf-8") == script.page(decided), "run python docs/claims.py"


@pytest.mark.parametrize("name", sorted(path.stem for path in (DOCS / "claims" / "extracts").glob("*.json")))
def test_an_extract_is_that_of_the_published_run(name, script):
    taken = script.extract(DOCS / "runs" / name / f"{name}.bundle.tar.xz", script.listed()["claims"])
    committed = json.loads((script.EXTRACTS / f"{name}.json").read_text(encoding="utf-8"))
    found, expected = (each.pop("candidates") for each in (taken, committed))
    assert taken == committed
    assert set(found) == set(expected)
    for candidate, figures in found.items():
        assert set(figures) == set(expected[candidate])
        for figure, of_run in figures.items():
            # Last digits follow the versions of the libraries.
            assert of_run["estimate"] == pytest.approx(expected[candidate][figure]["estimate"], abs=2e-6)
            assert of_run["interval"] == pytest.approx(expected[candidate][figure]["interval"], abs=2e-6)


def test_enough_is_listed_and_decided(script, decided):
    verdicts = [each["verdict"] for each in decided["claims"]]
    assert len(verdicts) >= 40
    assert len(verdicts) - verdicts.count(script.OPEN) >= 15


def test_what_would_decide_a_claim_is_said_and_its_command_is_there(script, decided):
    shipped = {path.stem for path in (DOCS.parent / "specs").glob("*.json")}
    for each in decided["claims"]:
        assert each["section"]
        assert each["claim"]
        assert each["protocol"]
        if each["verdict"] == script.OPEN:
            assert each["decide"]["would"]["what"]
        command = each["decide"].get("would", {}).get("command")
        assert command is None or command.removeprefix("harness run ") in shipped


@pytest.mark.parametrize(
    ("interval", "expected"),
    [((0.1, 0.2), "holds"), ((0.31, 0.4), "does not hold"), ((0.2, 0.31), "undecided"), ((-1, 2), "undecided")],
)
def test_an_interval_decides_only_where_it_lies_on_one_side(script, interval, expected):
    source = {"candidates": {"a": {"gap_in": {"estimate": 0.2, "interval": interval, "over": "seeds"}}}}
    source |= dict.fromkeys(("run", "command", "model", "machine", "harness", "first_scores", "reference"))
    claim = {"decide": {"by": "run", "run": "one", "candidate": "a", "figure": "gap_in", "between": [None, 0.3]}}
    assert script.decide(claim, {})["verdict"] == script.OPEN
    assert script.decide(claim, {"one": source})["verdict"] == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0.1, 0.2), (0.1, 0.2), "holds"),
        ((0.1, 0.2), (-0.1, 0.2), "undecided"),
        ((0.1, 0.2), (-0.2, -0.1), "does not hold"),
        ((-0.1, 0.2), (-0.2, -0.1), "does not hold"),
    ],
)
def test_a_claim_of_parts_holds_where_each_does_and_fails_where_one_does(script, first, second, expected):
    figures = {
        name: {"estimate": 0.0, "interval": each, "over": "seeds"}
        for name, each in (("gap_in", first), ("time_saved", second))
    }
    source = dict.fromkeys(("run", "command", "model", "machine", "harness", "first_scores", "reference"))
    source["candidates"] = {"a": figures}
    parts = [{"candidate": "a", "figure": name, "between": [0, None]} for name in figures]
    claim = {"decide": {"by": "run", "run": "one", "parts": parts}}
    decided = script.decide(claim, {"one": source})
    assert decided["verdict"] == expected
    assert len(decided["found"]) == 2
    del figures["time_saved"]
    assert script.decide(claim, {"one": source})["verdict"] == script.OPEN


@pytest.mark.parametrize(
    ("listed", "after"),
    [("2026-11-28", False), ("2026-11-29", True), ("2026-11-29T12:39", False), ("2026-11-29T17:08", True)],
)
def test_a_claim_that_may_have_been_listed_after_a_run_is_marked(script, listed, after):
    assert script._was_listed_after(listed, "2026-11-29T17:07") is after


@pytest.mark.parametrize(
    ("value", "to", "digits", "expected"),
    [(-0.575, -0.6, 1, "holds"), (0.25, 0.3, 1, "holds"), (0.249, 0.3, 1, "does not hold"), (165, 165, 0, "holds")],
)
def test_a_figure_is_rounded_as_its_document_rounds(script, value, to, digits, expected):
    part = {"figure": "one", "value": {"op": "mean", "of": [value, value]}, "rounds_to": to, "digits": digits}
    assert script.decide({"decide": {"by": "arithmetic", "parts": [part]}}, {})["verdict"] == expected

"""docs/claims.md and its machine-readable twin are what the listed claims and the extracts of runs give."""

import importlib.util
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
NO_RANKS = {"ranks_alive": {"details": {}}}
IN_DOMAIN = [{"task": "t", "role": "in_domain"}]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("claims_page", DOCS / "claims.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def decided(script):
    return script.decisions()


def test_page_and_twin_are_what_the_script_writes(script, decided):
    assert script.DECIDED.read_text(encoding="utf-8") == script.as_json(decided), "run python docs/claims.py"
    assert script.PAGE.read_text(encoding="utf-8") == script.page(decided), "run python docs/claims.py"


def test_the_extract_is_that_of_the_published_run(script):
    taken = script.extract(DOCS / "runs" / "gap" / "gap.bundle.tar.xz")
    committed = json.loads((script.EXTRACTS / "gap.json").read_text(encoding="utf-8"))
    (figures,), (expected,) = (each.pop("candidates").values() for each in (taken, committed))
    assert taken == committed
    assert set(figures) == set(expected)
    for name, figure in figures.items():
        # Last digits follow the versions of the libraries.
        assert figure["estimate"] == pytest.approx(expected[name]["estimate"], abs=2e-6)
        assert figure["interval"] == pytest.approx(expected[name]["interval"], abs=2e-6)


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
    ("listed", "after"),
    [("2026-11-28", False), ("2026-11-29", True), ("2026-11-29T12:39", False), ("2026-11-29T17:08", True)],
)
def test_a_claim_that_may_have_been_listed_after_a_run_is_marked(script, listed, after):
    assert script._was_listed_after(listed, "2026-11-29T17:07") is after


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_run_of_several_candidates_gives_each_its_figures(script, at_once):
    """One lacks a seed; what neither a probe nor a guard gives is left out, and times of cells side by side."""
    times = {"whole": {1: 10.0, 2: 20.0}, "half": {1: 5.0, 2: 12.0}, "quarter": {1: 2.0}}
    cells = tuple(
        {
            "cell": {"recipe": recipe, "seed": seed},
            "train_info": {"train_time": time, "steps": 4, "probes": [], "footprint": 100, "measurements": NO_RANKS},
            "costs": {"rss_max": 300 + seed, "seconds": {}},
            "evaluations": [],
            "meta_info": {"system_info": {"workers": at_once}},
        }
        for recipe, seeds in times.items()
        for seed, time in seeds.items()
    )
    verdict = {"reference": "whole", "comparisons": [], "extra_forgetting": []}
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": []}}
    found = {
        name: dict(
            script._figures(script.Run(lock=lock, verdict=verdict, cells=cells, candidate=name, reference="whole"))
        )
        for name in ("half", "quarter")
    }
    assert set(found["half"]) == {"time_saved", "peak_over_weights"} - ({"time_saved"} if at_once > 1 else set())
    if at_once == 1:
        assert found["half"]["time_saved"]["estimate"] == pytest.approx(0.45)
    assert set(found["quarter"]) == {"peak_over_weights"}


@pytest.mark.parametrize(
    ("value", "to", "digits", "expected"),
    [(-0.575, -0.6, 1, "holds"), (0.25, 0.3, 1, "holds"), (0.249, 0.3, 1, "does not hold"), (165, 165, 0, "holds")],
)
def test_a_figure_is_rounded_as_its_document_rounds(script, value, to, digits, expected):
    part = {"figure": "one", "value": {"op": "mean", "of": [value, value]}, "rounds_to": to, "digits": digits}
    assert script.decide({"decide": {"by": "arithmetic", "parts": [part]}}, {})["verdict"] == expected


def test_what_a_factor_did_is_a_figure_of_its_own(script):
    def cell(recipe, seed, accuracy):
        scored = [{"task": "t", "metrics": {"acc,none": accuracy}}]
        taken = {"train_time": 1.0, "steps": 4, "probes": [], "footprint": 100, "measurements": NO_RANKS}
        costs = {"rss_max": 300, "seconds": {}}
        about = {"system_info": {"workers": 2}}
        of = {"cell": {"recipe": recipe, "seed": seed}, "train_info": taken, "meta_info": about}
        return {**of, "costs": costs, "evaluations": scored}

    gap = {"estimate": 0.02, "interval": [-0.01, 0.05]}
    varied = {"reference": "lora", "candidate": "lora-rank-4", "task": "t", "gap": gap}
    verdict = {"comparisons": [], "extra_forgetting": [], "effects_level": 0.99}
    verdict["effects"] = [{"levels": {"rank": "4"}, "gap": varied}]
    beyond = {"levels": {"rank": "4"}, "centre": "lora", "task": "t", "gap": {"estimate": 0.1, "interval": [0.05, 0.2]}}
    verdict |= {"interactions": [beyond, {**beyond, "centre": "dora"}], "interactions_level": 0.975}
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": []}}
    scores = {"full": (0.5, 0.6), "lora": (0.4, 0.5), "lora-rank-4": (0.3, 0.39)}
    cells = tuple(cell(recipe, seed, each) for recipe, both in scores.items() for seed, each in enumerate(both))
    found = dict(
        script._figures(script.Run(lock=lock, verdict=verdict, cells=cells, candidate="lora", reference="full"))
    )
    assert found["effect of rank=4 on t"]["interval"] == [-0.01, 0.05]
    assert found["extra cost of rank=4 on t"]["interval"] == [0.05, 0.2]
    assert found["accuracy over lora-rank-4"]["estimate"] == pytest.approx(0.105)
    assert found["accuracy_gap"]["estimate"] == pytest.approx(-0.1)
    for name in found:
        assert script._meaning(name)[0]


def test_a_contrast_weighs_recipes_scores_by_seed(script):
    def cell(recipe, seed, margin, task="t"):
        scored = [{"task": task, "metrics": {"answer_margin,none": margin}}, {"task": "u", "metrics": {}}]
        return {"cell": {"recipe": recipe, "seed": seed}, "evaluations": scored}

    how = {"run": "a-run", "candidate": "half", "figure": "contrast: one", "weights": {"half": -1, "all": 1}}
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": []}}
    cells = (
        *(cell("half", seed, margin) for seed, margin in ((1, 0.1), (2, 0.2), (3, 0.9))),
        *(cell("all", seed, margin) for seed, margin in ((1, 0.3), (2, 0.5))),
        cell("all", 3, 0.9, task="another"),
    )
    run = script.Run(lock=lock, verdict={}, cells=cells, candidate="half", reference="all")
    others = [{**how, "run": "another"}, {**how, "candidate": "all"}, {"by": "open"}]
    ((name, found),) = script._asked(run, [{"decide": each} for each in (how, *others)])
    assert (name, found.estimate) == ("contrast: one", pytest.approx(0.25))
    assert found.over.startswith("2 seeds")  # the third has no score of `all` in-domain
    assert script._meaning(name) == ("one, of margins in-domain", "bits/byte")


def test_a_difference_is_of_any_task_and_the_untuned_model_stands_beside_each_seed(script):
    def cell(recipe, seed, share):
        return {
            "cell": {"recipe": recipe, "seed": seed},
            "evaluations": [{"task": "told", "metrics": {"true,none": share}}],
        }

    asked = {"task": "told", "metric": "true", "weights": {"lora": 1, "base": -1}}
    how = {"run": "a-run", "candidate": "lora", "figure": "difference: share of what is true", "scores": asked}
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": []}}
    cells = (cell("lora", 1, 0.5), cell("lora", 2, 0.7), cell("full", 1, 0.0), cell("full", 2, 0.0))
    run = script.Run(lock=lock, verdict={}, cells=cells, candidate="lora", reference="full")
    assert not list(script._asked(run, [{"decide": how}]))
    ((name, found),) = script._asked(replace(run, untuned=cell("base", None, 0.1)), [{"decide": how}])
    assert (found.estimate, script._meaning(name)) == (pytest.approx(0.5), ("share of what is true", ""))


def test_steps_are_saved_on_the_way_to_what_the_other_ends_with(script):
    """One is there after 8 of 10 steps, another never, and the one that it is held against at its last."""
    falling = [float(each) for each in range(10, 0, -1)]
    fast = [3.0] * 10
    slow = [9.0] * 10

    def cell(recipe, seed, losses):
        return {"cell": {"recipe": recipe, "seed": seed}, "train_info": {"losses": losses}}

    cells = (cell("labels", 1, [9.0] * 3 + fast[3:]), cell("labels", 2, slow))
    cells += (cell("random", 1, falling), cell("random", 2, falling))
    pair = ["labels", "random"]
    how = {"run": "a-run", "candidate": "labels", "figure": "steps saved: labels beside random ones", "steps": pair}
    run = script.Run(lock={"experiment": {"name": "a-run"}}, verdict={}, cells=cells, candidate="labels", reference="")
    ((name, found),) = script._asked(run, [{"decide": how}])
    assert script._meaning(name)[0].endswith("a loss, labels beside random ones")
    assert found.estimate == pytest.approx((0.2 + 0) / 2)


def test_how_the_best_rank_grows_is_a_slope_on_the_logarithm_of_the_logarithm_of_rows(script):
    """Best are 4 of e² rows and 16 of e⁴ with one seed, 4 of both with the other: slopes of 2 and 0."""

    def cell(recipe, seed, rows, margin):
        scored = [{"task": "t", "metrics": {"answer_margin,none": margin}}]
        return {
            "cell": {"recipe": recipe, "seed": seed},
            "train_info": {"rows": {"total": rows}},
            "evaluations": scored,
        }

    few, many = math.exp(2), math.exp(4)
    cells = (
        *(cell("lora--r4-rows-few", seed, few, 0.5) for seed in (1, 2)),
        *(cell("lora--r4-rank-16-rows-few", seed, few, 0.1) for seed in (1, 2)),
        *(cell("lora--r4", seed, many, 0.5) for seed in (1, 2)),
        cell("lora--r4-rank-16", 1, many, 0.6),
        cell("lora--r4-rank-16", 2, many, 0.4),
        cell("lora--r40", 1, many, 0.9),  # no variant of it
    )
    ranks = {"r4": 4, "r4-rows-few": 4, "r4-rank-16-rows-few": 16, "r4-rank-16": 16, "r40": 40}
    recipes = [{"method": "lora", "name": name, "peft": {"r": rank}} for name, rank in ranks.items()]
    recipes.append({"method": "full", "name": "default", "peft": None})
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": recipes}}
    run = script.Run(lock=lock, verdict={}, cells=cells, candidate="lora--r4", reference="full--default")
    assert script._growth_of_best_rank(run).estimate == pytest.approx((2 + 0) / 2)
    assert script._growth_of_best_rank(replace(run, candidate="full--default")) is None


def test_ranks_in_use_are_those_of_the_module_that_uses_its_rank_least(script):
    def cell(seed, above):
        details = {"least": {"above": above, "declared": 8}, "mean_declared": 8.0}
        return {
            "cell": {"recipe": "lora", "seed": seed},
            "train_info": {"measurements": {"ranks_alive": {"details": details}}},
        }

    run = script.Run(lock={}, verdict={}, cells=(cell(1, 8), cell(2, 6)), candidate="lora", reference="full")
    assert script._ranks_in_use(run).estimate == pytest.approx(7 / 8)

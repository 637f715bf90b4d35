"""Figures of runs by which claims are decided: made-up cells whose figures are known."""

from dataclasses import replace

import numpy as np
import pytest

from harness.compare.scores import SuiteScores
from harness.spec.records import Suite

NO_RANKS = {"ranks_alive": {"details": {}}}
IN_DOMAIN = [{"task": "t", "role": "in_domain"}]


@pytest.fixture(scope="module")
def script(docs_scripts):
    return docs_scripts("figures_of_runs")


def read(**means):
    """Return a reader of made-up scores: by recipe, `task__metric` to the mean of each seed, NaN where it failed."""

    def scores(task, metric, recipes):
        found = means.get(f"{task}__{metric}", {})
        if not set(recipes) - {"base"} <= set(found):
            return None
        item = np.linspace(-0.01, 0.01, 40)
        values = {name: np.array(found[name])[:, None] + item for name in recipes if name in found}
        suite = Suite(task=task, role="in_domain", metric=metric)
        return SuiteScores(suite=suite, values=values, clusters=None, higher_is_better=True, worst=0.0)

    return scores


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
            script.figures(script.Run(lock=lock, verdict=verdict, cells=cells, candidate=name, reference="whole"))
        )
        for name in ("half", "quarter")
    }
    assert set(found["half"]) == {"time_saved", "peak_over_weights"} - ({"time_saved"} if at_once > 1 else set())
    if at_once == 1:
        assert found["half"]["time_saved"]["estimate"] == pytest.approx(0.45)
    assert set(found["quarter"]) == {"peak_over_weights"}


def test_what_a_factor_did_is_a_figure_of_its_own(script):
    gap = {"estimate": 0.02, "interval": [-0.01, 0.05]}
    varied = {"reference": "lora", "candidate": "lora-rank-4", "task": "t", "gap": gap}
    verdict = {"comparisons": [], "extra_forgetting": [], "effects_level": 0.99}
    verdict["effects"] = [{"levels": {"rank": "4"}, "gap": varied}]
    beyond = {"levels": {"rank": "4"}, "centre": "lora", "task": "t", "gap": {"estimate": 0.1, "interval": [0.05, 0.2]}}
    verdict |= {"interactions": [beyond, {**beyond, "centre": "dora"}], "interactions_level": 0.975}
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": []}}
    scored = read(t__acc={"full": (0.54, 0.56), "lora": (0.44, 0.46), "lora-rank-4": (0.33, 0.36)})
    run = script.Run(lock=lock, verdict=verdict, cells=(), candidate="lora", reference="full", scores=scored)
    found = dict(script.figures(run))
    assert found["effect of rank=4 on t"]["interval"] == [-0.01, 0.05]
    assert found["extra cost of rank=4 on t"]["interval"] == [0.05, 0.2]
    assert found["accuracy over lora-rank-4"]["estimate"] == pytest.approx(0.105)
    assert found["accuracy_gap"]["estimate"] == pytest.approx(-0.1)
    assert found["accuracy_kept"]["estimate"] == pytest.approx(0.45 / 0.55, abs=0.01)
    assert found["accuracy_gap"]["over"] == "2 seeds and 40 items, 95%"
    for name in found:
        assert script.meaning(name)[0]


def test_a_contrast_weighs_recipes_scores_by_seed_and_item(script):
    how = {"run": "a-run", "candidate": "half", "figure": "contrast: one", "weights": {"half": -1, "all": 1}}
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": []}}
    scored = read(t__answer_margin={"half": (0.1, 0.2, 0.9), "all": (0.3, 0.5, np.nan)})
    run = script.Run(lock=lock, verdict={}, cells=(), candidate="half", reference="all", scores=scored)
    others = [{**how, "run": "another"}, {**how, "candidate": "all"}, {"by": "open"}]
    ((name, found),) = script.asked(run, [{"decide": each} for each in (how, *others)])
    assert (name, found.estimate) == ("contrast: one", pytest.approx(0.25))
    assert found.over.startswith("2 seeds and 40 items")  # `all` failed with the third
    assert script.meaning(name) == ("one, of margins in-domain", "bits/byte")


def test_a_claim_of_several_parts_asks_for_each_of_the_run_that_it_names(script):
    part = {"candidate": "half", "figure": "contrast: one", "weights": {"half": -1, "all": 1}}
    other = {**part, "figure": "contrast: two", "weights": {"half": 1, "all": -1}}
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": []}}
    scored = read(t__answer_margin={"half": (0.1, 0.2), "all": (0.3, 0.5)})
    run = script.Run(lock=lock, verdict={}, cells=(), candidate="half", reference="all", scores=scored)
    found = dict(script.asked(run, [{"decide": {"by": "run", "run": "a-run", "parts": [part, other]}}]))
    assert found["contrast: one"].estimate == pytest.approx(-found["contrast: two"].estimate)
    assert not list(script.asked(run, [{"decide": {"by": "run", "run": "another", "parts": [part, other]}}]))


def test_a_difference_is_of_any_task_and_the_untuned_model_stands_beside_each_seed(script):
    asked = {"task": "told", "metric": "true", "weights": {"lora": 1, "base": -1}}
    how = {"run": "a-run", "candidate": "lora", "figure": "difference: share of what is true", "scores": asked}
    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN, "recipes": []}}
    run = script.Run(
        lock=lock,
        verdict={},
        cells=(),
        candidate="lora",
        reference="full",
        scores=read(told__true={"lora": (0.5, 0.7)}),
    )
    assert not list(script.asked(run, [{"decide": how}]))
    scored = read(told__true={"lora": (0.5, 0.7), "base": (0.1,)})
    ((name, found),) = script.asked(replace(run, scores=scored), [{"decide": how}])
    assert (found.estimate, script.meaning(name)) == (pytest.approx(0.5), ("share of what is true", ""))


def test_the_least_loss_on_held_out_rows_is_found_by_passes(script):
    def cell(seed, course):
        taken = {"steps": 100, "examples": 800, "rows": {"total": 200}, "validation_losses": course}
        return {"cell": {"recipe": "lora", "seed": seed}, "train_info": taken}

    cells = (cell(1, [(25, 3.0), (50, 2.0), (75, 2.5)]), cell(2, [(25, 1.0), (50, 2.0)]), cell(3, []))
    run = script.Run(lock={}, verdict={}, cells=cells, candidate="lora", reference="full")
    assert script._passes_of_least_loss(run).estimate == pytest.approx((2 + 1) / 2)
    assert script._passes_of_least_loss(replace(run, candidate="full")) is None


def test_steps_are_told_only_where_they_differ(script):
    def cell(recipe, seed, steps):
        return {"cell": {"recipe": recipe, "seed": seed}, "train_info": {"steps": steps}}

    cells = (*(cell("all", seed, 200) for seed in (1, 2)), cell("half", 1, 240), cell("half", 2, 260))
    run = script.Run(lock={}, verdict={}, cells=cells, candidate="half", reference="all")
    assert script._steps_ratio(run).estimate == pytest.approx(1.25)
    assert script._steps_ratio(replace(run, candidate="all")) is None


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
    ((name, found),) = script.asked(run, [{"decide": how}])
    assert script.meaning(name)[0].endswith("a loss, labels beside random ones")
    assert found.estimate == pytest.approx((0.2 + 0) / 2)


def test_how_the_best_rank_grows_is_what_the_verdict_says_in_domain(script):
    """An argmax over the grid would say 0 with no width where the best rank stays within a step of it."""

    def grown(centre, task, exponent):
        interval = None if exponent is None else [exponent - 1, exponent + 1]
        return {"centre": centre, "task": task, "exponent": exponent, "interval": interval}

    lock = {"experiment": {"name": "a-run", "suites": IN_DOMAIN}}
    home = IN_DOMAIN[0]["task"]
    verdict = {
        "growth": [grown("lora--r4", "elsewhere", 5), grown("lora--r4", home, 0.5), grown("lora--r8", home, None)],
        "growth_level": 0.975,
    }
    run = script.Run(lock=lock, verdict=verdict, cells=(), candidate="lora--r4", reference="full--default")
    found = script._growth_of_best_rank(run)
    assert (found.estimate, found.interval, found.over) == (0.5, (-0.5, 1.5), "seeds, 97.5% (Student's t)")
    assert script._growth_of_best_rank(replace(run, candidate="lora--r8")) is None
    assert script._growth_of_best_rank(replace(run, candidate="full--default")) is None
    assert script._growth_of_best_rank(replace(run, verdict={})) is None


def test_ranks_in_use_are_those_of_the_module_that_uses_its_rank_least(script):
    def cell(seed, above):
        details = {"least": {"above": above, "declared": 8}, "mean_declared": 8.0}
        return {
            "cell": {"recipe": "lora", "seed": seed},
            "train_info": {"measurements": {"ranks_alive": {"details": details}}},
        }

    run = script.Run(lock={}, verdict={}, cells=(cell(1, 8), cell(2, 6)), candidate="lora", reference="full")
    assert script._ranks_in_use(run).estimate == pytest.approx(7 / 8)

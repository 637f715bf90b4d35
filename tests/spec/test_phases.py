"""The `search` block: how it is read, and everything that is refused in it, at once."""

import copy
import json

import pytest

from harness.spec import Overrides, load, load_any
from harness.spec.records import Search

ARMS = ["lora--r8", "lora--r16", "lora--last-half"]
SEARCH = {
    "seed": 7,
    "scan": {"max_steps": 1, "keep": 2},
    "push": [{"learning_rate": {"factors": [0.5, 2]}}, {"peft.r": {"values": [4]}, "peft.lora_alpha": {"values": [8]}}],
    "factorial": {
        "cross": [{"learning_rate": {"factors": [1, 2]}}, {"peft.lora_dropout": {"values": [0.0, 0.1]}}],
        "seeds": [11, 12, 13],
    },
}


@pytest.fixture
def searching(spec):
    spec["recipes"] = ["full--default", *ARMS]
    spec["comparison"]["candidates"] = list(ARMS)
    return spec | {"search": copy.deepcopy(SEARCH)}


def test_a_search_is_read_with_its_moves(searching, write):
    found = load(write(searching)).search
    assert (found.seed, found.scan.max_steps, found.scan.keep, found.metric) == (7, 1, 2, "loss")
    assert found.push[1] == {"peft.r": Search(values=(4,)), "peft.lora_alpha": Search(values=(8,))}
    assert found.factorial.seeds == (11, 12, 13)


def test_scan_and_full_runs_are_a_search_already(searching, write):
    searching["search"] = {"seed": 7, "scan": {"max_steps": 1, "keep": 1}}
    found = load(write(searching)).search
    assert (found.push, found.factorial) == ((), None)


def test_a_search_alone_has_no_seeds(searching, write):
    experiment = load(write({**searching, "seeds": []}))
    assert experiment.searches_alone
    assert experiment.decides_by == "loss"


def at(path, value):
    """Return a change of the spec: the value at a path of it."""

    def change(spec):
        for part in path[:-1]:
            spec = spec[part]
        spec[path[-1]] = value

    return change


MISTAKES = {
    "more kept than there are": (
        at(("search", "scan", "keep"), 4),
        "$.search.scan.keep",
        "4 arms are kept after the scan, and there are 3",
    ),
    "a scan as long as a full run": (
        at(("search", "scan", "max_steps"), 2),
        "$.search.scan.max_steps",
        "no shorter than a full run of lora--r8",
    ),
    "a seed that confirms": (at(("search", "seed"), 1), "$.search.seed", "confirm what the search finds"),
    "a factorial's seed that confirms": (
        at(("search", "factorial", "seeds", 1), 2),
        "$.search.factorial.seeds[1]",
        "confirm what the search finds",
    ),
    "a factorial's seed that chose": (
        at(("search", "factorial", "seeds", 0), 7),
        "$.search.factorial.seeds[0]",
        "chose what the factorial is made around",
    ),
    "one arm": (at(("comparison", "candidates"), ["lora--r8"]), "$.comparison.candidates", "there is one arm"),
    "a field that there is not": (
        at(("search", "push", 0), {"learning_rat": {"factors": [2]}}),
        "$.search.push[0].learning_rat",
        "not a field that can be searched",
    ),
    "a value that PEFT does not take": (
        at(("search", "push", 1), {"peft.r": {"values": ["wide"]}}),
        "$.search.push[1].peft.r",
        "lora--r8 with peft.r='wide'",
    ),
    "factors of nothing": (
        at(("search", "factorial", "cross", 1), {"layers.fraction": {"factors": [1, 2]}}),
        "$.search.factorial.cross[1].layers.fraction.factors",
        "`factors` multiply the `layers.fraction` of lora--r8, which is not given",
    ),
    "levels that do not go together": (
        at(("search", "push", 1, "peft.r", "values"), [4, 2]),
        "$.search.push[1]",
        "peft.r 2, peft.lora_alpha 1 levels",
    ),
    "a longer training": (
        at(("search", "push", 0), {"max_steps": {"values": [9]}}),
        "$.search.push[0].max_steps",
        "a longer one is no other recipe",
    ),
    "a push by nothing": (
        at(("search", "push", 0, "learning_rate", "factors"), [2, 1]),
        "$.search.push[0].learning_rate.factors[1]",
        "changes nothing",
    ),
    "two searches": (
        at(("tune",), {"search": {"learning_rate": {"factors": [1, 2]}}, "seed": 8}),
        "$.search",
        "there is one search a run",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_where_it_stands(searching, write, problems, mistake):
    change, place, message = MISTAKES[mistake]
    change(searching)
    found = problems(load, write(searching))
    assert [path for path, *_ in found if path == place], found
    assert any(message in said for path, _, said, _ in found if path == place), found


def test_all_mistakes_are_told_at_once(searching, write, problems):
    changes = ("more kept than there are", "a seed that confirms", "a field that there is not", "two searches")
    for name in changes:
        MISTAKES[name][0](searching)
    found = {path for path, *_ in problems(load, write(searching))}
    assert {MISTAKES[name][1] for name in changes} <= found


def test_an_arm_under_two_names_is_told_with_both(searching, write, problems, folder):
    (folder / "adapters").mkdir()
    recipe = {"extends": "lora--r8", "description": "The same again."}
    (folder / "adapters" / "lora--again.json").write_text(json.dumps(recipe))
    searching["recipes"].append("lora--again")
    searching["comparison"]["candidates"].append("lora--again")
    ((place, _, message, _),) = problems(load, write(searching))
    assert place == "$.comparison.candidates[3]"
    assert message == "the arm 'lora--again' is 'lora--r8' again, under another name"


def test_an_arm_listed_twice_is_refused(searching, write, problems):
    searching["comparison"]["candidates"].append("lora--r8")
    assert any(path.startswith("$.comparison.candidates") for path, *_ in problems(load, write(searching)))


def test_arms_that_a_search_cannot_train_beside_the_others_are_named(searching, write, problems):
    unfit = ["staged--medical-kept", "aletheia--50-compute-matched"]
    searching["recipes"] += [*unfit, "aletheia--standard"]
    searching["comparison"]["candidates"] += unfit
    found = {path: message for path, _, message, _ in problems(load, write(searching))}
    assert "in stages" in found["$.comparison.candidates[3]"]
    assert "spends as much as another" in found["$.comparison.candidates[4]"]


def test_rows_that_decide_must_be_known(searching, write, problems):
    write('{"prompt": "p", "completion": " c"}', "rows.jsonl")
    searching["data"] = {"source": "jsonl", "path": "rows.jsonl"}
    found = {path: message for path, _, message, _ in problems(load, write(searching))}
    assert "needs validation rows" in found["$.search"]


def test_a_margin_takes_rows_with_options(searching, write, problems):
    searching["search"]["metric"] = "margin"
    searching["validation"] = {"share": 0.2}
    ((place, _, message, remedy),) = problems(load, write(searching))
    assert place == "$.search.metric"
    assert "options beside the right answer" in message
    assert '"loss"' in remedy


def test_a_search_is_of_one_model(searching, write, problems):
    model = searching.pop("model")
    searching["models"] = {"one": {"model": model}, "two": {"model": {**model, "seed": 1}}}
    found = {path: message for path, _, message, _ in problems(load_any, write(searching))}
    assert "another recipe for each model" in found["$.search"]


def test_the_papers_edition_has_its_phases():
    paper, here = load("search-aletheia"), load("search")
    assert (paper.search.scan.max_steps, paper.training["max_steps"]) == (150, 500)
    for each in (paper, here):
        assert len(each.comparison.candidates) == 8
        assert len(each.search.factorial.seeds) == 3
        assert [len(next(iter(move.values())).declared) for move in each.search.factorial.cross] == [2, 2]
        assert not {each.search.seed, *each.search.factorial.seeds} & {*each.seeds}
    assert paper.model.id == "Qwen/Qwen2.5-3B"


def test_only_some_arms_may_be_kept_of_a_search():
    with pytest.raises(Exception, match="there is one arm"):
        load("search", overrides=Overrides(only=("aletheia--standard", "aletheia--25")))

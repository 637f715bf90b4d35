"""The `tune`, `validation`, `early_stopping` and `compute` blocks: what is refused, and with what remedy."""

import pytest

from harness.spec import load
from harness.spec.records import Search

GOOD = {"search": {"learning_rate": {"factors": [0.5, 1, 2]}}, "seed": 7}


def test_a_search_is_read(spec, write):
    spec["tune"] = {**GOOD, "search": {"weight_decay": {"values": [0.0, 0.1]}}}
    tune = load(write(spec)).tune
    assert tune.search == {"weight_decay": Search(values=(0.0, 0.1))}
    assert tune.recipes is None


def test_a_search_is_widened_and_confirmed_only_where_it_says_so(spec, write):
    spec["tune"] = GOOD
    plain = load(write(spec)).tune
    assert (plain.widen, plain.confirm_seed) == (0, None)
    spec["tune"] = {**GOOD, "widen": 3, "confirm_seed": 8}
    more = load(write(spec)).tune
    assert (more.widen, more.confirm_seed) == (3, 8)


def test_with_a_search_there_may_be_no_seed(spec, write, problems):
    spec["seeds"] = []
    ((at, _, message, remedy),) = problems(load, write(spec))
    assert (at, message) == ("$.seeds", "the list is empty: nothing would be trained")
    assert "`tune`" in remedy
    spec["tune"] = GOOD
    assert load(write(spec)).searches_alone


MISTAKES = {
    "the seed of a run": ({**GOOD, "seed": 1}, "$.tune.seed", "a run that counts"),
    "a recipe that is not trained": ({**GOOD, "recipes": ["lora--nobody"]}, "$.tune.recipes[0]", "not among"),
    "a misspelt field": (
        {**GOOD, "search": {"learning_rat": {"values": [1e-3]}}},
        "$.tune.search.learning_rat",
        "not a field that can be searched",
    ),
    "a field that harness decides": (
        {**GOOD, "search": {"seed": {"values": [1]}}},
        "$.tune.search.seed",
        "not a field",
    ),
    "a value of another type": (
        {**GOOD, "search": {"learning_rate": {"values": ["fast"]}}},
        "$.tune.search.learning_rate.values[0]",
        "not a value of `learning_rate`",
    ),
    "a length that is searched for and set": (
        {**GOOD, "search": {"max_steps": {"values": [5, 9]}}, "max_steps": 3},
        "$.tune.search.max_steps",
        "sets it for every trial",
    ),
    "epochs beside steps": (
        {**GOOD, "search": {"num_train_epochs": {"values": [1, 2]}}, "max_steps": 3},
        "$.tune.search.num_train_epochs",
        "has no effect",
    ),
    "a second seed of a run": ({**GOOD, "confirm_seed": 1}, "$.tune.confirm_seed", "a run that counts"),
    "a second seed that is the first": ({**GOOD, "confirm_seed": 7}, "$.tune.confirm_seed", "by another one"),
    "nothing beyond an edge": (
        {
            "search": {"weight_decay": {"values": [0.0, 0.1]}, "learning_rate": {"values": [1e-3]}},
            "seed": 7,
            "widen": 2,
        },
        "$.tune.widen",
        "none beyond its edge",
    ),
    "a rule that is none": ({**GOOD, "metric": "accuracy"}, "$.tune.metric", "accuracy"),
    "factors of what is not said": (
        {**GOOD, "search": {"weight_decay": {"factors": [2]}}},
        "$.tune.search.weight_decay.factors",
        "not given",
    ),
}


@pytest.mark.parametrize(("tune", "path", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_search_is_named_with_its_place(spec, write, problems, tune, path, said):
    spec["tune"] = tune
    found = problems(load, write(spec))
    assert {at for at, _, _, _ in found} == {path}
    assert said in found[0][2]


@pytest.mark.parametrize("block", ["tune", "early_stopping"])
@pytest.mark.parametrize(
    ("rows", "path", "said"),
    [
        ({"task": "techmanual_qa"}, "$.validation.data.task", "its role is 'out_of_domain'"),
        ({"task": "k8s_qa"}, "$.validation.data", "would be those that train"),
        ({"task": "k8s_qa", "split": "train"}, "$.validation.data", "would be those that train"),
    ],
)
def test_rows_that_must_not_decide_are_refused(spec, write, problems, block, rows, path, said):
    spec["suites"][1]["task"] = "techmanual_qa"
    spec["data"] = {"source": "task", "task": "k8s_qa"}
    spec[block] = GOOD if block == "tune" else {"patience": 2}
    spec["validation"] = {"data": {"source": "task", **rows}}
    ((at, _, message, _),) = problems(load, write(spec))
    assert at == path
    assert said in message


def test_training_on_the_validation_split_leaves_none_to_decide(spec, write, problems):
    spec["data"] = {"source": "task", "task": "k8s_qa", "split": "validation"}
    spec["tune"] = GOOD
    ((at, _, message, _),) = problems(load, write(spec))
    assert at == "$.data"
    assert "those that train" in message


def test_values_and_factors_together_are_refused(spec, write, problems):
    spec["tune"] = {**GOOD, "search": {"learning_rate": {"factors": [1], "values": [1]}}}
    ((at, _, _, _),) = problems(load, write(spec))
    assert at == "$.tune.search.learning_rate"


@pytest.mark.parametrize("block", ["tune", "early_stopping"])
def test_foreign_rows_need_declared_validation_rows(spec, write, problems, tmp_path, block):
    (tmp_path / "rows.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    spec["data"] = {"source": "jsonl", "path": str(tmp_path / "rows.jsonl")}
    spec[block] = GOOD if block == "tune" else {"patience": 2}
    ((at, _, _, remedy),) = problems(load, write(spec))
    assert at == f"$.{block}"
    assert "`share`" in remedy
    spec["validation"] = {"share": 0.1}
    assert load(write(spec)).validation.share == 0.1


def test_validation_rows_have_one_origin(spec, write, problems):
    spec["validation"] = {"share": 0.1, "data": {"source": "task", "task": "k8s_qa"}}
    ((at, _, _, _),) = problems(load, write(spec))
    assert at == "$.validation"


def test_the_files_of_validation_rows_count_from_the_spec(spec, write, problems):
    spec["validation"] = {"data": {"source": "jsonl", "path": "nowhere.jsonl"}}
    ((at, _, message, _),) = problems(load, write(spec))
    assert at == "$.validation.data.path"
    assert "nowhere.jsonl" in message


@pytest.mark.parametrize("other", ["lora--nobody", "lora--matched"])
def test_compute_is_matched_with_another_recipe_of_the_experiment(spec, write, problems, other):
    write({"compute": {"recipe": other, "measure": "flops"}}, "adapters/lora--matched.json")
    spec["recipes"].append("lora--matched")
    ((at, _, message, _),) = problems(load, write(spec))
    assert at == "$.compute.recipe"
    assert other in message


def test_a_loss_that_is_looked_at_needs_rows_of_its_own_too(spec, write, problems, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    spec["data"] = {"source": "jsonl", "path": str(tmp_path / "rows.jsonl")}
    spec["validation"] = {"every": 5}
    ((at, _, message, remedy),) = problems(load, write(spec))
    assert at == "$.validation.every"
    assert "needs validation rows" in message
    assert "`share`" in remedy
    spec["validation"] = {"every": 5, "share": 0.1}
    assert load(write(spec)).validates


def test_early_stopping_takes_the_loss_by_its_own_steps(spec, write, problems):
    spec["validation"], spec["early_stopping"] = {"every": 5, "share": 0.1}, {"patience": 2}
    ((at, _, message, _),) = problems(load, write(spec))
    assert at == "$.validation.every"
    assert "eval_steps" in message


@pytest.mark.parametrize("metric", ["margin", "both"])
@pytest.mark.parametrize(
    ("data", "validation", "said"),
    [
        ({"source": "task", "task": "k8s_qa"}, {"share": 0.1}, "do not have"),
        ({"source": "task", "task": "k8s_qa"}, {"data": {"source": "jsonl", "path": "rows.jsonl"}}, "do not have"),
        ({"source": "task", "task": "k8s_open"}, {}, "'k8s_open' reports no answer_margin"),
    ],
    ids=["a share", "a file", "no options"],
)
def test_a_margin_needs_options(spec, write, problems, tmp_path, metric, data, validation, said):
    (tmp_path / "rows.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    spec["data"], spec["validation"] = data, validation
    spec["tune"] = {**GOOD, "metric": metric}
    ((at, _, message, remedy),) = problems(load, write(spec))
    assert at == "$.tune.metric"
    assert said in message
    assert '"loss"' in remedy
    spec["data"], spec["validation"] = {"source": "task", "task": "k8s_qa"}, {}
    assert load(write(spec)).tune.metric == metric


def of_lora(**search):
    return {"search": search, "seed": 7, "recipes": ["lora--last-half"]}


OF_A_RECIPE = {
    "a block that a recipe lacks": (
        {**of_lora(**{"peft.r": {"values": [4, 8]}}), "recipes": None},
        "$.tune.search.peft.r",
        "full--default has no `peft` block",
    ),
    "PEFT's name alone": (of_lora(r={"values": [4]}), "$.tune.search.r", "not a field"),
    "a rank that is none": (of_lora(**{"peft.r": {"values": [4, "8"]}}), "$.tune.search.peft.r", "peft.r='8'"),
    "a field of another method": (
        of_lora(**{"peft.num_virtual_tokens": {"values": [4]}}),
        "$.tune.search.peft.num_virtual_tokens",
        "num_virtual_tokens",
    ),
    "another method": (
        of_lora(**{"peft.peft_type": {"values": ["IA3"]}}),
        "$.tune.search.peft.peft_type",
        "another recipe",
    ),
    "another base": (
        of_lora(**{"quantization.load_in_4bit": {"values": [True]}}),
        "$.tune.search.quantization.load_in_4bit",
        "one base",
    ),
    "a field under the wrong name": (
        of_lora(**{"training.learning_rate": {"values": [1e-3]}}),
        "$.tune.search.training.learning_rate",
        "own names",
    ),
    "a whole block": (of_lora(layers={"values": ["last"]}), "$.tune.search.layers", "whole block"),
    "a block that there is not": (of_lora(**{"pft.r": {"values": [4]}}), "$.tune.search.pft.r", "not a field"),
    "a strategy without a number that it takes": (
        of_lora(**{"layers.strategy": {"values": ["last", "all"]}}),
        "$.tune.search.layers.strategy",
        "the strategy is `all`",
    ),
    "factors of a rank that is not said": (
        {**of_lora(**{"peft.rank_pattern.mlp": {"factors": [2]}})},
        "$.tune.search.peft.rank_pattern.mlp.factors",
        "not given",
    ),
    "nothing beyond a rank": (
        {**of_lora(**{"peft.r": {"values": [4, 8]}}), "widen": 1},
        "$.tune.widen",
        "none beyond its edge",
    ),
}


@pytest.mark.parametrize(("tune", "path", "said"), OF_A_RECIPE.values(), ids=OF_A_RECIPE)
def test_a_mistake_in_a_field_of_a_recipe_is_named_with_its_place(spec, write, problems, tune, path, said):
    spec["tune"] = tune
    found = problems(load, write(spec))
    assert {at for at, _, _, _ in found} == {path}
    assert said in " ".join(found[0][2:])


def test_everything_wrong_with_a_search_is_told_at_once(spec, write, problems):
    spec["tune"] = of_lora(**{"peft.q": {"values": [1]}, "match.recipe": {"values": ["x"]}, "rank": {"values": [1]}})
    found = problems(load, write(spec))
    assert {at for at, _, _, _ in found} == {"$.tune.search.match.recipe", "$.tune.search.rank"}
    spec["tune"] = of_lora(**{"peft.q": {"values": [1]}, "peft.r": {"values": ["many"]}})
    assert {at for at, _, _, _ in problems(load, write(spec))} == {"$.tune.search.peft.q", "$.tune.search.peft.r"}


def test_peft_is_told_by_its_whole_name(spec, write, problems):
    spec["tune"] = of_lora(lora_alpha={"values": [4]})
    ((_, _, _, remedy),) = problems(load, write(spec))
    assert "`peft.lora_alpha`" in remedy


def test_a_rank_that_another_recipe_gives_or_takes_is_not_searched(spec, write, problems):
    matched = {"extends": "lora--last-half", "layers": {"strategy": "all"}, "match": {"recipe": "lora--last-half"}}
    write(matched, "adapters/lora--matched.json")
    spec["recipes"].append("lora--matched")
    search = {"search": {"peft.r": {"values": [4, 8]}}, "seed": 7}
    spec["tune"] = {**search, "recipes": ["lora--matched"]}
    ((_, _, follows, _),) = problems(load, write(spec))
    assert "follows from lora--last-half" in follows
    spec["tune"] = {**search, "recipes": ["lora--last-half"]}
    ((_, _, matches, _),) = problems(load, write(spec))
    assert "lora--matched matches lora--last-half as it is declared" in matches


def test_a_strategy_and_its_number_are_judged_together(spec, write):
    spec["recipes"].append("lora--all-layers")
    spec["tune"] = {
        **of_lora(**{"layers.strategy": {"values": ["first", "last"]}, "layers.count": {"values": [1, 2]}}),
        "recipes": ["lora--all-layers"],
    }
    assert list(load(write(spec)).tune.search) == ["layers.strategy", "layers.count"]

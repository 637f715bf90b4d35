"""A recipe's method is found by name; a third party's is held to the contract, and named where it does not keep it."""

import json

import pytest

from harness.errors import PluginError, RecipeError
from harness.methods import catalogue
from harness.methods.dispatch import method_of
from harness.methods.full import FullFineTuning
from harness.methods.layers.choose import strategy
from harness.methods.traits import traits
from harness.spec.records import Bottleneck, PluginBlock, Recipe


def foreign(name):
    block = PluginBlock(name=name, options={}, distribution="foreign", version="1.0")
    return Recipe(method="m", name="n", plugin=block)


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        (Recipe(method="m", name="n"), "full"),
        (Recipe(method="m", name="n", peft={"peft_type": "IA3"}), "peft"),
        (Recipe(method="m", name="n", bottleneck=Bottleneck(placement="houlsby")), "bottleneck"),
    ],
)
def test_our_own_methods_are_found_by_the_block_that_a_recipe_has(recipe, name):
    assert type(method_of(recipe)) is catalogue.method(name).load()


def test_a_third_partys_method_is_found_by_the_name_of_its_block(install):
    body = "from harness.methods.full import FullFineTuning\n\n\nclass Mine(FullFineTuning):\n    pass\n"
    install("foreign-found", "[harness.methods]\nmine = foreignfound:Mine\n", {"foreignfound.py": body})
    found = method_of(foreign("mine"))
    assert isinstance(found, FullFineTuning)
    assert type(found).__name__ == "Mine"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("class Mine:\n    pass\n", "is not a subclass of harness.methods.Method"),
        ("from harness.methods import Method\n\n\nclass Mine(Method):\n    pass\n", "cannot be made.*abstract"),
        ("import nothing_of_that_name\n", "cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_method_that_breaks_the_contract_is_named(install, monkeypatch, body, words):
    install("foreign-broken", "[harness.methods]\nbroken = foreignbroken:Mine\n", {"foreignbroken.py": body})
    monkeypatch.delitem(__import__("sys").modules, "foreignbroken", raising=False)
    with pytest.raises(PluginError, match=rf"`broken` of foreign-broken \(foreignbroken:Mine\) {words}"):
        method_of(foreign("broken"))


def test_a_method_that_is_not_installed_is_named_with_those_there_are():
    with pytest.raises(RecipeError, match=r"the method 'reft' is unknown.*There are: full, bottleneck, peft"):
        method_of(foreign("reft"))


@pytest.mark.parametrize(
    ("kind", "name", "ask"),
    [("methods", "full", lambda: catalogue.method("full")), ("layer_strategies", "last", lambda: strategy("last"))],
)
def test_a_name_of_harnesss_own_is_refused(install, kind, name, ask):
    install("foreign-taken", f"[harness.{kind}]\n{name} = foreigntaken:thing\n", {"foreigntaken.py": "thing = 1\n"})
    with pytest.raises(PluginError, match=f"foreign-taken.*takes a name of harness's own.*{kind}"):
        ask()


def test_a_layer_strategy_that_cannot_be_called_is_named(install):
    install("foreign-odd", "[harness.layer_strategies]\nodd = foreignodd:thing\n", {"foreignodd.py": "thing = 1\n"})
    with pytest.raises(PluginError, match=r"`odd` of foreign-odd .* is neither a function nor"):
        strategy("odd")


def test_a_plugins_traits_are_the_facts_of_its_schema(install):
    facts = {"label": "soft words", "merges": False, "added_tokens": "words"}
    schema = json.dumps({"type": "object", "x-harness": facts})
    install(
        "foreign-facts",
        "[harness.methods]\nsoft = foreignfacts:Soft\n",
        {"foreignfacts.py": "raise RuntimeError('imported')\n", "soft.schema.json": schema},
    )
    block = PluginBlock(name="soft", options={"words": 6}, distribution="foreign-facts", version="1.0")
    known = traits(Recipe(method="m", name="n", plugin=block))
    assert (known.label, known.merges, known.added_tokens, known.trains_base_weights) == ("soft words", False, 6, False)


@pytest.mark.parametrize("facts", [{"merge": True}, {"merges": "yes"}])
def test_a_fact_that_is_no_trait_is_named(install, facts):
    schema = json.dumps({"x-harness": facts})
    install(
        "foreign-wrong",
        "[harness.methods]\nwrong = foreignwrong:Wrong\n",
        {"foreignwrong.py": "", "wrong.schema.json": schema},
    )
    with pytest.raises(PluginError, match=rf"x-harness facts \['{next(iter(facts))}'\] that are not traits"):
        traits(foreign("wrong"))

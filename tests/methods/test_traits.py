"""What is said of a method without loading it is what PEFT, and the published schema, say of it."""

import json
import subprocess
import sys

import pytest
from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PromptLearningConfig

from harness.declarations.places import shipped
from harness.methods.peft.initialisation import _AFTER, _BEFORE
from harness.methods.traits import READS_DATA, STACKABLE, VIRTUAL_TOKENS, traits
from harness.spec.records import Bottleneck, Recipe, Stage

LORA = Recipe(method="lora", name="n", peft={"peft_type": "LORA", "r": 2})
FULL = Recipe(method="full", name="n")


def staged(last):
    return Recipe(method="s", name="n", stages=(Stage(recipe=LORA, then="merge"), Stage(recipe=last)))


def test_virtual_tokens_are_trained_by_the_methods_that_peft_says():
    learnt = {
        kind.value for kind, config in PEFT_TYPE_TO_CONFIG_MAPPING.items() if issubclass(config, PromptLearningConfig)
    }
    assert set(VIRTUAL_TOKENS) == learnt


def test_the_starts_that_read_data_are_those_that_are_carried_out():
    assert set(READS_DATA) == {*_BEFORE, *_AFTER}


def test_what_stacks_merges():
    assert not set(STACKABLE) & set(VIRTUAL_TOKENS)


@pytest.mark.parametrize("recipe", [LORA, Recipe(method="b", name="n", bottleneck=Bottleneck(placement="pfeiffer"))])
def test_the_published_schema_says_the_same(recipe):
    schema = json.loads((shipped("specs") / "schema" / "recipe.schema.json").read_text(encoding="utf-8"))
    facts = schema["properties"]["peft" if recipe.peft else "bottleneck"]["x-harness"]
    known = traits(recipe)
    assert {name: getattr(known, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("recipe", "label"),
    [
        (FULL, "full fine-tuning"),
        (LORA, "LORA"),
        (Recipe(method="b", name="n", bottleneck=Bottleneck(placement="pfeiffer")), "bottleneck (pfeiffer)"),
        (staged(FULL), "LORA → full fine-tuning"),
    ],
)
def test_a_label_says_what_trains(recipe, label):
    assert traits(recipe).label == label


def test_a_recipe_in_stages_trains_the_base_where_any_stage_does():
    assert traits(staged(FULL)).trains_base_weights
    assert not traits(staged(LORA)).trains_base_weights


def test_traits_are_known_without_importing_anything_heavy():
    heavy = ("torch", "transformers", "peft", "bitsandbytes", "numpy", "trl")
    imports = "import sys, harness.methods.traits, harness.methods.catalogue"
    code = f"{imports}\nprint([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

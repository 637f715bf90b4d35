"""What a plan warns of: recipes with fewer rows than their kind of task is said to need, and no others."""

from dataclasses import replace

import pytest

from harness.errors import SpecError
from harness.preflight.few_rows import few_rows
from harness.preflight.row_tokens import RowTokens
from harness.preflight.token_counts import TokenCounts
from harness.report.document import Notice
from harness.report.sections.rows import rows_of_plan
from harness.spec import load
from harness.spec.records import Recipe, RecipeData, Transform
from helpers.estimates import estimated


def counted(rows, **stages):
    def of(count):
        return RowTokens(count=count, tokens=1, completion_tokens=1)

    return TokenCounts(rows=of(rows), suites={}, stages={key: of(count) for key, count in stages.items()})


def test_the_flagship_warns_about_itself():
    said = few_rows(load("gap"), counted(773))
    assert len(said) == 1
    assert said[0].startswith("lora--gradient-half: k8s_qa gives 773 rows, where an adapter for extractive question")
    assert Notice(f"kind of task: {said[0]}") in list(rows_of_plan(estimated(few_rows=said)))
    assert few_rows(load("gap"), counted(2000)) == ()
    assert few_rows(load("gap"), counted(None)) == ()


def test_recipes_with_rows_of_their_own_are_told_of_apart(monkeypatch):
    experiment = load("gap")
    lora = next(each for each in experiment.recipes if each.peft)
    half = replace(lora, name="half", data=RecipeData(transforms={"fraction": Transform(share=0.5)}))
    monkeypatch.setattr("harness.preflight.token_counts.rows_key", lambda stage: "half" if stage.recipe.data else None)
    said = few_rows(replace(experiment, recipes=(lora, half)), counted(3000, half=1500))
    assert [each.partition(": ")[0] for each in said] == ["lora--half"]


def test_prompts_are_held_to_figures_of_their_own():
    prompt = Recipe(method="prompt", name="x", peft={"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 8})
    (said,) = few_rows(replace(load("gap"), recipes=(prompt,)), counted(9999))
    assert said.startswith("prompt--x: k8s_qa is extractive question answering, for which prompts are advised against")


def declared_kind(spec, kind):
    path = next((spec.parent / "tasks").rglob("sums.yaml"))
    path.write_text(path.read_text().replace("metadata:", f"metadata:\n  kind: {kind}"))


def test_a_task_that_says_nothing_of_its_kind_is_not_warned_of(tiny_spec):
    assert few_rows(load(tiny_spec), counted(1)) == ()


def test_a_misspelt_kind_is_refused_with_the_one_that_is_meant(tiny_spec):
    declared_kind(tiny_spec, "clasification")
    with pytest.raises(SpecError, match=r"(?s)kind that is not known: 'clasification'.*Did you mean `classification`"):
        load(tiny_spec)


@pytest.mark.parametrize("kind", ["multiple_choice", "generative", "perplexity", "trivia"])
def test_a_word_for_something_else_is_no_kind(tiny_spec, kind):
    """`harness tasks new` writes the first three, and anyone's metadata may have the key."""
    declared_kind(tiny_spec, kind)
    assert few_rows(load(tiny_spec), counted(1)) == ()

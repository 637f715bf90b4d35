"""Scores along a training whose way is known, and what has no such way."""

import json
from types import MethodType

import pytest
import torch
from transformers import AutoTokenizer

from harness.codec import decode, encode
from harness.diagnostics import Probes
from harness.diagnostics.scores import Scorer
from harness.diagnostics.training_path import TrainingPath
from harness.errors import RecipeError, TaskError
from harness.measured import Path, Point
from harness.preflight.content import rows_of
from harness.preflight.prepare import prepare
from harness.sources import models
from harness.spec import load
from harness.spec.records import Layers, Recipe
from harness.testing.diagnostics import DiagnosticContract, unchanged
from helpers.changed import follow_change

FULL = Recipe(method="full", name="two", layers=Layers(strategy="list", indices=(1,)))
LORA = Recipe(
    method="lora",
    name="four",
    peft={"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "target_modules": "all-linear"},
)
PROMPT = Recipe(
    method="prompt",
    name="two",
    peft={"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 2},
)
LINE = (0, 0.5, 1)


def moved_from(base):
    """A score: how far all weights lie from the base's, which is linear along the line and 0 at its start."""
    start = {name: weight.detach().clone() for name, weight in base.named_parameters()}

    def score(model, role):
        squares = [(weight.detach() - start[name]).square().sum() for name, weight in model.named_parameters()]
        return {role: float(torch.stack(squares).sum().sqrt())}

    return score


def shift(adapted):
    for weight in adapted.model.parameters():
        if weight.requires_grad:
            weight.add_(0.01 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(3)))


def taken(model, recipe, folder, change, **options):
    probes = Probes(score=moved_from(model))
    found = follow_change(TrainingPath(line=LINE, **options), model, recipe, folder, change, probes)
    return decode(Path, found.details)


@pytest.mark.parametrize("recipe", [FULL, LORA], ids=["full", "lora"])
def test_the_line_goes_straight_from_the_base_to_the_tuned_weights(build, tmp_path, recipe):
    found = taken(build(), recipe, tmp_path, shift)
    far = [point.scores["in_domain"] for point in found.line]
    assert far[0] == 0
    assert far[2] > 0.01
    assert far[1] == pytest.approx(far[2] / 2, rel=1e-3)
    assert found.reason is None


def test_a_forward_that_a_trainer_bound_to_the_model_does_not_answer_for_its_copy(build, tmp_path):
    model = build()
    model.forward = MethodType(type(model).forward, model)

    def answers(model, role):
        with torch.no_grad():
            return {role: float(model(input_ids=torch.arange(3, 9)[None]).logits[0, -1, 7])}

    for recipe in (FULL, LORA):
        probes = Probes(score=answers)
        details = follow_change(TrainingPath(line=LINE), model, recipe, tmp_path, shift, probes).details
        assert len({point.scores["in_domain"] for point in decode(Path, details).line}) == 3


def test_the_line_of_an_identical_model_goes_nowhere(build, tmp_path):
    found = taken(build(), FULL, tmp_path, lambda adapted: None)
    assert [set(point.scores.values()) for point in found.line] == [{0.0}] * 3


def test_virtual_tokens_have_checkpoints_and_no_line(build, tmp_path):
    found = taken(build(), PROMPT, tmp_path, lambda adapted: None, steps=[5])
    assert (found.line, found.missed) == ((), (5,))
    assert found.reason == "what it trains changes no weights of the model"


def test_scores_of_checkpoints_are_taken_back_as_they_were():
    one, other = TrainingPath(steps=[1]), TrainingPath(steps=[1])
    noted = encode([Point(at=1, scores={"q": 0.25})])
    one.restore(noted)
    other.restore(one.state())
    assert other.state() == noted


def test_a_scorer_leaves_no_trace(tiny_spec):
    experiment = load(tiny_spec)
    model, tokenizer = models.load(experiment.model), models.tokenizer(experiment.model)
    scorer = Scorer(experiment=experiment, tokenizer=tokenizer, items=4)
    with unchanged(model.model):
        first = scorer(model.model, "in_domain")
    assert first == scorer(model.model, "in_domain")
    assert set(first) == {"sums"}
    assert first["sums"] in {0, 0.25, 0.5, 0.75, 1}


def refused(spec, *requests, **changes):
    spec.write_text(json.dumps(json.loads(spec.read_text()) | changes | {"diagnostics": requests}))
    with pytest.raises(RecipeError) as caught:
        prepare(load(spec), on_stage=lambda _: pytest.fail("began to prepare"))
    return str(caught.value)


def test_a_checkpoint_after_the_end_and_a_role_without_a_suite_are_refused_together(tiny_spec):
    path = {"name": "training_path", "options": {"steps": [1, 9], "roles": ["guard"]}}
    said = refused(tiny_spec, path, "monitors")
    assert "full--default has no checkpoint 9: it trains 2 steps. Name steps up to 2" in said
    assert "lora--tiny has no checkpoint 9" in said
    role = "it scores suites of the role guard, and the experiment has none. Add one, or leave the role out."
    assert f"the diagnostic training_path: {role}" in said
    assert f"the diagnostic monitors: {role}" in said


def test_validation_rows_that_are_not_there_are_missed_with_the_diagnostics_own_remedy(
    tiny_spec, tiny_tokenizer_folder
):
    asked = {"diagnostics": [{"name": "monitors", "options": {"items": 0}}]}
    tiny_spec.write_text(json.dumps(json.loads(tiny_spec.read_text()) | asked))
    tokenizer = AutoTokenizer.from_pretrained(tiny_tokenizer_folder)
    with pytest.raises(
        TaskError, match=r"no validation split.*A diagnostic looks at validation rows: declare `validation`"
    ):
        rows_of(load(tiny_spec), tokenizer)


class TestContract(DiagnosticContract):
    @pytest.fixture(params=[FULL, LORA, PROMPT], ids=lambda each: each.method)
    def recipe(self, request):
        return request.param

    @pytest.fixture
    def make(self):
        return lambda: TrainingPath(steps=[2, 4], line=(0.5,))

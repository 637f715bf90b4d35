"""Training through SFTTrainer: the same loss as TRL's own, paired data order, nothing trained that should not be."""

from dataclasses import replace

import pytest
import torch
from trl import SFTTrainer

from harness.diagnostics.reproducibility import loss_finite, order_follows_seed
from harness.errors import TaskError, TrainingError
from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Layers, Model, Recipe
from harness.training import train
from harness.training.trainer import CompletionTrainer

FIELDS = {"max_steps": 3, "per_device_train_batch_size": 2, "max_length": 64, "learning_rate": 1e-3}
LORA = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": ["q_proj", "v_proj"]}
PROMPT = {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 3}
RECIPES = {
    "full": Recipe(method="full", name="x"),
    "lora": Recipe(method="lora", name="x", peft=LORA),
    "prompt": Recipe(method="prompt", name="x", peft=PROMPT),
    "prefix": Recipe(method="prefix", name="x", peft={**PROMPT, "peft_type": "PREFIX_TUNING"}),
    "ptuning": Recipe(method="ptuning", name="x", peft={**PROMPT, "peft_type": "P_TUNING", "encoder_hidden_size": 8}),
}


@pytest.fixture
def rows():
    return [{"prompt": f"Question: {n} + 1\nAnswer:", "completion": f" {n + 1} and some more"} for n in range(10)]


@pytest.fixture
def trained(tiny_model, rows):
    def run(name, *, seed=1, padding_free=False, **changes):
        loaded = models.load(Model(**tiny_model))
        adapted = adapt(loaded.model, RECIPES[name], seed=seed)
        steps = []
        result = train(
            adapted,
            loaded.tokenizer,
            rows,
            {**FIELDS, **changes},
            seed=seed,
            on_step=lambda *made: steps.append(made),
            padding_free=padding_free,
        )
        return adapted, result, steps

    return run


@pytest.mark.parametrize("padding_free", [False, True])
@pytest.mark.parametrize("accumulation", [1, 2])
@pytest.mark.parametrize("name", RECIPES)
def test_the_losses_are_trls_own(trained, monkeypatch, name, accumulation, padding_free):
    _, ours, _ = trained(name, gradient_accumulation_steps=accumulation, padding_free=padding_free)
    monkeypatch.setattr(CompletionTrainer, "compute_loss", SFTTrainer.compute_loss)
    _, theirs, _ = trained(name, gradient_accumulation_steps=accumulation)
    assert ours.losses == pytest.approx(theirs.losses, abs=2e-4)
    assert ours.tokens == theirs.tokens
    assert ours.order == theirs.order
    assert ours.engine.startswith("padding-free" if padding_free and name in {"full", "lora"} else "padded: ")


@pytest.mark.parametrize("accumulation", [1, 2])
def test_packs_are_read_by_trls_loss_where_that_is_the_faster(trained, monkeypatch, accumulation):
    """As on CUDA: the loss is TRL's, the rows are end to end."""
    _, padded, _ = trained("lora", gradient_accumulation_steps=accumulation)
    made = CompletionTrainer.__init__

    def by_trl(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self._by_trl = True

    monkeypatch.setattr(CompletionTrainer, "__init__", by_trl)
    _, packed, _ = trained("lora", gradient_accumulation_steps=accumulation, padding_free=True)
    assert packed.engine == "padding-free"
    assert packed.losses == pytest.approx(padded.losses, abs=2e-4)
    assert packed.tokens == padded.tokens


@pytest.mark.parametrize("name", RECIPES)
def test_the_output_head_sees_completions_only(tiny_model, rows, name):
    loaded = models.load(Model(**tiny_model))
    adapted = adapt(loaded.model, RECIPES[name], seed=1)
    head, seen = adapted.model.get_output_embeddings(), []
    head.register_forward_hook(lambda _module, _given, logits: seen.append(logits.shape[-2]))
    alike = rows[:9]  # one digit each, so that all answers are as long
    train(adapted, loaded.tokenizer, alike, {**FIELDS, "max_steps": 1}, seed=1, on_step=lambda *_: None)
    answer = len(loaded.tokenizer(alike[0]["completion"])["input_ids"]) + 1  # and the closing token
    assert seen == [2 * answer]


@pytest.mark.parametrize(
    "family",
    [{"model_type": "granite", "logits_scaling": 3.0}, {"model_type": "gemma2", "final_logit_softcapping": 2.0}],
)
def test_scaled_and_capped_logits_keep_their_scale(tiny_model, rows, monkeypatch, family):
    model = Model(**{**tiny_model, "config": {**tiny_model["config"], **family, "head_dim": 8}})

    def losses():
        loaded = models.load(model)
        adapted = adapt(loaded.model, RECIPES["full"], seed=1)
        return train(adapted, loaded.tokenizer, rows, FIELDS, seed=1, on_step=lambda *_: None).losses

    ours = losses()
    monkeypatch.setattr(CompletionTrainer, "compute_loss", SFTTrainer.compute_loss)
    assert ours == pytest.approx(losses(), abs=2e-4)


def test_recipes_of_one_seed_see_the_same_examples_in_the_same_order(trained):
    orders = {name: trained(name, seed=5)[1].order for name in RECIPES}
    assert len(set(orders.values())) == 1
    assert trained("full", seed=6)[1].order != orders["full"]


@pytest.mark.parametrize("name", RECIPES)
def test_the_order_is_drawn_again_as_the_seed_gives_it(trained, name):
    _, result, _ = trained(name, max_steps=7, seed=5)  # five batches are an epoch
    assert result.drawn_again == result.order[:5]


@pytest.mark.parametrize(
    "fields", [{"accelerator_config": {"use_seedable_sampler": False}}, {"train_sampling_strategy": "group_by_length"}]
)
def test_an_order_that_the_global_random_state_has_a_part_in_comes_out_differently(trained, fields):
    _, result, _ = trained("lora", max_steps=5, **fields)
    assert not order_follows_seed(result).passed
    _, result, _ = trained("lora", max_steps=5)
    assert order_follows_seed(result).passed


def test_a_step_without_a_loss_is_told_by_the_guard(trained):
    _, result, _ = trained("lora")
    assert loss_finite(result).passed
    assert not loss_finite(replace(result, losses=result.losses[:-1])).passed
    assert not loss_finite(replace(result, losses=(*result.losses[:-1], float("nan")))).passed


def test_the_same_seed_gives_the_same_weights_to_the_bit(trained):
    one, two = (trained("lora")[0].model.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_each_step_is_reported_with_loss_and_tokens(trained):
    _, result, steps = trained("lora")
    assert [(step, of) for step, of, _, _ in steps] == [(1, 3), (2, 3), (3, 3)]
    assert tuple(loss for _, _, loss, _ in steps) == result.losses
    assert [tokens for *_, tokens in steps] == sorted(tokens for *_, tokens in steps)
    assert result.tokens == steps[-1][3] > 0


def test_a_loss_that_is_not_finite_stops_the_run_with_its_step(trained):
    with pytest.raises(TrainingError, match=r"at step \d+ of 5.*learning_rate") as stopped:
        trained("full", learning_rate=1e30, max_grad_norm=0.0, max_steps=5)
    assert stopped.value.kind == "non_finite_loss"


@pytest.mark.parametrize("steps", [2, 10, 0.5])
def test_no_step_is_passed_over_whatever_the_logging_is_set_to(trained, steps):
    _, plain, _ = trained("lora")
    _, result, made = trained("lora", logging_steps=steps)
    assert (result.losses, result.tokens) == (plain.losses, plain.tokens)
    assert len(made) == 3


def test_rows_that_are_all_too_long_are_refused_with_their_length(trained):
    with pytest.raises(TaskError, match="max_length 8 leaves no completion of any of the 10 training rows"):
        trained("lora", max_length=8)


def test_full_fine_tuning_of_chosen_layers_changes_only_those(tiny_model, rows):
    loaded = models.load(Model(**tiny_model))
    before = {name: value.clone() for name, value in loaded.model.state_dict().items()}
    recipe = replace(RECIPES["full"], layers=Layers(strategy="last", count=1))
    adapted = adapt(loaded.model, recipe, seed=1)
    train(adapted, loaded.tokenizer, rows, FIELDS, seed=1, on_step=lambda *_: None)
    changed = {name for name, value in adapted.model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(".layers.1." in name for name in changed)

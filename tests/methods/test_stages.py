"""Adapters one after another: merged or kept, what is refused, and that only the last one trains."""

import re
from dataclasses import replace

import pytest
import torch

from harness import diagnostics
from harness.errors import RecipeError
from harness.methods.adapt import adapt
from harness.methods.dry_run import describe
from harness.methods.incompatibilities import incompatibilities
from harness.methods.store import load, replay, save, stage_folder
from harness.methods.traits import STACKABLE
from harness.spec.records import Layers, Recipe, Stage

TINY = {
    "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "tie_word_embeddings": True,
}  # fmt: skip
QV = ["q_proj", "v_proj"]
LORA = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": QV}
PROMPT = {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2}
METHODS = {
    "LORA": LORA,
    "DORA": {**LORA, "use_dora": True},
    "PISSA": {**LORA, "init_lora_weights": "pissa"},
    "LOHA": {"peft_type": "LOHA", "r": 2, "target_modules": QV},
    "LOKR": {"peft_type": "LOKR", "r": 2, "target_modules": QV},
    "VERA": {"peft_type": "VERA", "r": 8, "target_modules": ["q_proj"]},
    "IA3": {"peft_type": "IA3", "target_modules": ["k_proj", "down_proj"], "feedforward_modules": ["down_proj"]},
    "OFT": {"peft_type": "OFT", "r": 0, "oft_block_size": 8, "target_modules": QV},
    "ADALORA": {"peft_type": "ADALORA", "init_r": 4, "target_r": 2, "total_step": 9, "target_modules": QV},
    "LN_TUNING": {"peft_type": "LN_TUNING", "target_modules": ["input_layernorm"]},
}


def single(peft=None, name="n", **more):
    return Recipe(method="m", name=name, peft=peft, **more)


def staged(*stages):
    return Recipe(method="staged", name="s", stages=tuple(Stage(recipe=recipe, then=then) for recipe, then in stages))


def says(model, batches):
    return diagnostics.logits(model, next(iter(batches())))


def moved(adapted, seed):
    """Stand in for training: move what trains, and nothing else."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in adapted.model.parameters():
            if weight.requires_grad:
                weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.05)
    adapted.model.eval()
    return adapted


@pytest.fixture
def through(tiny, batches, tmp_path):
    """Go through a recipe's stages; return what was said before and after each, and the adapted models."""

    def through(recipe):
        before, after, models = [], [], []
        for place, stage in enumerate(recipe.parts):
            model = replay(tiny(), recipe, tmp_path, place)
            before.append(says(model, batches))
            digests = diagnostics.base_digest(model)
            adapted = moved(adapt(model, stage.trained, seed=1, batches=batches), place)
            guard = diagnostics.base_unchanged(digests, adapted)
            assert guard.passed, guard
            after.append(says(adapted.model, batches))
            models.append(adapted)
            save(adapted, stage_folder(tmp_path, recipe, place))
        loaded = load(tiny(), recipe, tmp_path)
        torch.testing.assert_close(says(loaded.model, batches), after[-1], atol=1e-6, rtol=1e-5)
        return before, after, models

    return through


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("method", METHODS)
def test_after_a_merge_the_next_stage_starts_from_what_was_learnt(through, method):
    recipe = staged((single(METHODS[method]), "merge"), (single(LORA), None))
    assert incompatibilities(recipe, TINY, "cpu") == []
    before, after, models = through(recipe)
    torch.testing.assert_close(before[1], after[0], atol=5e-4, rtol=5e-4)
    assert not torch.equal(after[1], before[1])
    assert (models[1].trainable, models[1].total) == (
        describe(single(LORA), TINY).trainable,
        describe(recipe, TINY).total,
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("method", STACKABLE)
def test_a_kept_adapter_works_on_frozen_beside_the_next(through, method):
    recipe = staged((single(METHODS[method]), "keep"), (single(METHODS[method]), None))
    assert incompatibilities(recipe, TINY, "cpu") == []
    before, after, models = through(recipe)
    torch.testing.assert_close(before[1], after[0], atol=1e-6, rtol=1e-5)
    first, second = models
    assert first.modules == second.modules
    assert first.trainable == second.trainable == describe(recipe, TINY).stages[1].trainable
    assert second.total == first.total + second.trainable == describe(recipe, TINY).total
    assert not any("stage_1" in name for name, weight in second.model.named_parameters() if weight.requires_grad)


def test_adapters_need_not_lie_in_the_same_modules(through):
    attention = single(LORA, layers=Layers(strategy="first", count=2))
    everything = single({**LORA, "target_modules": "all-linear"}, layers=Layers(strategy="last", count=1))
    recipe = staged((attention, "keep"), (everything, None))
    _, _, models = through(recipe)
    assert models[1].layers == (3,)
    assert models[1].modules == describe(recipe, TINY).stages[1].modules
    assert len(models[1].modules) == 7
    assert len(diagnostics.effective_ranks(models[1])) == 7
    assert describe(recipe, TINY).layers == (0, 1, 3)


def test_a_merge_takes_up_what_was_kept_before_it(through):
    lora = single(LORA)
    recipe = staged((lora, "keep"), (lora, "keep"), (lora, "merge"), (lora, None))
    assert incompatibilities(recipe, TINY, "cpu") == []
    before, after, models = through(recipe)
    for earlier, later in zip(after, before[1:], strict=False):
        torch.testing.assert_close(later, earlier, atol=1e-5, rtol=1e-4)
    assert list(models[2].model.peft_config) == ["stage_1", "stage_2", "default"]
    assert list(models[3].model.peft_config) == ["default"]


@pytest.mark.parametrize("layers", [Layers(), Layers(strategy="last", count=1)], ids=["all", "last"])
@pytest.mark.parametrize("full_first", [True, False])
def test_an_adapter_may_follow_full_fine_tuning_and_the_other_way_round(through, layers, full_first):
    full, lora = single(layers=layers), single(LORA)
    recipe = staged((full, None), (lora, None)) if full_first else staged((lora, "merge"), (full, None))
    assert incompatibilities(recipe, TINY, "cpu") == []
    before, after, _ = through(recipe)
    torch.testing.assert_close(before[1], after[0], atol=1e-5, rtol=1e-4)


def test_virtual_tokens_may_come_last(through):
    recipe = staged((single(LORA), "merge"), (single(PROMPT), None))
    assert incompatibilities(recipe, TINY, "cpu") == []
    through(recipe)


def test_stages_are_adapted_one_at_a_time(tiny):
    with pytest.raises(RecipeError, match="each in turn"):
        adapt(tiny(), staged((single(LORA), "merge"), (single(LORA), None)), seed=1)


def test_a_guard_notices_a_kept_adapter_that_changed(tiny, batches, tmp_path):
    recipe = staged((single(LORA), "keep"), (single(LORA), None))
    save(moved(adapt(tiny(), single(LORA), seed=1), 0), stage_folder(tmp_path, recipe, 0))
    model = replay(tiny(), recipe, tmp_path, 1)
    digests = diagnostics.base_digest(model)
    adapted = adapt(model, single(LORA), seed=1)
    with torch.no_grad():
        next(weight for name, weight in adapted.model.named_parameters() if "stage_1" in name).add_(1)
    guard = diagnostics.base_unchanged(digests, adapted)
    assert not guard.passed
    assert all("stage_1" in name for name in guard.details["changed"])


@pytest.mark.parametrize(
    ("first", "then", "second", "words"),
    [
        (single(PROMPT), "merge", single(LORA), "stage 1: .*virtual tokens, which change no weight"),
        (single(PROMPT), "keep", single(PROMPT), "cannot be kept at work"),
        (single(METHODS["OFT"]), "keep", single(METHODS["OFT"]), "cannot be kept .* LORA, LOHA"),
        (single(METHODS["ADALORA"]), "keep", single(METHODS["ADALORA"]), "cannot be kept"),
        (single(LORA), "keep", single(METHODS["IA3"]), "one method only, and m--n is not LORA"),
        (single(LORA), "keep", single(), "one method only"),
        (single(LORA), "keep", single(METHODS["PISSA"]), "starts from the weights it adapts"),
        (single(LORA), "keep", single(LORA, layers=Layers(strategy="gradient", count=1)), "ranks layers by gradient"),
        (single({**LORA, "modules_to_save": ["norm"]}), "keep", single(LORA), "without modules_to_save"),
        (single(LORA), "keep", single({**LORA, "bias": "all"}), "without bias"),
        (
            single(METHODS["VERA"]),
            "keep",
            single({**METHODS["VERA"], "projection_prng_key": 5}),
            "stage 1: PEFT cannot apply VERA",
        ),
        (single(LORA), "merge", single({**LORA, "target_modules": ["query"]}), r"stage 2: .*\['query'\] match nothing"),
        (single({**LORA, "r": 65}), "merge", single(LORA), "stage 1: rank 65 is larger"),
    ],
)
def test_what_cannot_follow_is_refused_before_training_with_the_reason(first, then, second, words):
    reasons = incompatibilities(staged((first, then), (second, None)), TINY, "cpu")
    assert any(re.search(words, reason) for reason in reasons), reasons


def test_a_stages_training_fields_count():
    prefix = single({"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 2})
    recipe = staged((single(LORA), "merge"), (prefix, None))
    assert incompatibilities(recipe, TINY, "cpu") == []
    assert incompatibilities(recipe, TINY, "cpu", training={"gradient_checkpointing": True})
    last = replace(recipe.stages[1], training={"gradient_checkpointing": True})
    assert incompatibilities(replace(recipe, stages=(recipe.stages[0], last)), TINY, "cpu")

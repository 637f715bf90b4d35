"""Every shipped recipe, held to one contract on a tiny random Llama.

Ranks, prompts and blocks that were chosen for models a hundred times wider are cut to what fits 32 features;
everything else is the shipped file.
"""

import copy
import re
from dataclasses import replace

import pytest
import torch
from datasets import Dataset
from transformers import BitsAndBytesConfig, LlamaForCausalLM
from trl import SFTConfig, SFTTrainer

from harness import diagnostics
from harness.declarations import places
from harness.errors import RecipeError
from harness.methods.adapt import adapt
from harness.methods.dry_run import describe
from harness.methods.incompatibilities import incompatibilities
from harness.methods.store import load, merge, replay, save, stage_folder, start_folder
from harness.spec.recipe import read_recipe

RECIPES = {path.stem: path for path in places.shipped("adapters").glob("*.json")}
SMALL = {"r": 4, "init_r": 4, "target_r": 2, "oft_block_size": 8, "num_virtual_tokens": 4, "encoder_hidden_size": 16}
MATCHED = {name for name, path in RECIPES.items() if read_recipe(path).recipe.match is not None}
STAGED = {name for name in RECIPES if name.startswith("staged")}
REWRITING = {"pissa--default", "olora--default", "corda--default", "loraga--default"}


def shipped(name):
    """A shipped recipe with its sizes cut to the tiny model; alpha keeps its ratio to the rank."""
    return small(read_recipe(RECIPES[name]).recipe)


def small(recipe):
    changes = {"probe_batches": None if recipe.probe_batches is None else 4}
    if recipe.match is not None:
        changes["match"] = replace(recipe.match, recipe=small(recipe.match.recipe))
    changes["stages"] = tuple(replace(stage, recipe=small(stage.recipe)) for stage in recipe.stages)
    if recipe.peft is not None:
        block = {
            key: min(value, SMALL.get(key, value)) if key in SMALL else value for key, value in recipe.peft.items()
        }
        if "lora_alpha" in block and "r" in block:
            block["lora_alpha"] = recipe.peft["lora_alpha"] * block["r"] / recipe.peft["r"]
        if "rank_pattern" in block:
            block["rank_pattern"] = dict.fromkeys(block["rank_pattern"], 8)
        changes["peft"] = block
    return replace(recipe, **changes)


@pytest.fixture
def base(tiny, tmp_path):
    """Load a fresh base, quantized where the recipe says so; always the same weights."""
    folder = tmp_path / "base"
    tiny().save_pretrained(folder)

    def fresh(recipe):
        if recipe.base_quantization is None:
            return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
        quantization = BitsAndBytesConfig(**recipe.base_quantization)
        return LlamaForCausalLM.from_pretrained(
            folder, dtype=torch.float32, quantization_config=quantization, device_map={"": "cpu"}
        )

    return fresh


@pytest.fixture
def ready(begin):
    def start(name, seed=3):
        return begin(shipped(name), seed=seed)

    return start


@pytest.fixture
def begin(base, batches, tokenizer):
    """Adapt to a part of a recipe; the parts before it lie in a folder."""

    def begin(recipe, place=0, folder=None, seed=3):
        model = replay(base(recipe), recipe, folder, place)
        part = recipe.parts[place].trained
        return adapt(model, part, seed=seed, batches=batches, ranking=batches, tokenizer=tokenizer)

    return begin


def train(adapted, batches, tokenizer, folder, steps=2):
    rows = [
        {"input_ids": ids.tolist(), "labels": labels.tolist()}
        for batch in batches()
        for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True)
    ]
    config = SFTConfig(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=2,
        learning_rate=0.01,
        weight_decay=0.0,
        lr_scheduler_type="constant",
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        activation_offloading=False,
        dataloader_pin_memory=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        logging_nan_inf_filter=False,
        logging_steps=1,
        seed=3,
        data_seed=3,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
    )
    trainer = SFTTrainer(
        model=adapted.model,
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=list(adapted.callbacks),
    )
    trainer.train()
    adapted.model.eval()


def probe_logits(model, batches):
    return diagnostics.logits(model, next(iter(batches())))


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_shipped_recipe_keeps_the_contract(name, base, begin, batches, tokenizer, tmp_path):
    recipe = shipped(name)
    config = base(recipe).config.to_dict()
    described = describe(recipe, config)
    assert incompatibilities(recipe, config, "cpu") == []
    if recipe.merges_first:
        earlier = begin(shipped("lora--r8"), seed=4)
        train(earlier, batches, tokenizer, tmp_path / "earlier")
        save(earlier, start_folder(tmp_path / "saved"))
    for place, part in enumerate(described.stages or [described]):
        keeps_the_contract(name, recipe, place, part, base, begin, batches, tokenizer, tmp_path)


def keeps_the_contract(name, recipe, place, described, base, begin, batches, tokenizer, tmp_path):
    saved = tmp_path / "saved"
    model = replay(base(recipe), recipe, saved, place)
    before, said = diagnostics.base_digest(model), probe_logits(model, batches)
    adapted = begin(recipe, place, saved)

    # what is adapted is what was described, and what trains is as many as the formula says
    if "eva" not in name:  # its ranks are spread by data
        assert (described.trainable, described.total) == (adapted.trainable, adapted.total)
        assert described.layer_count == len(adapted.layers)
    guard = diagnostics.trainable_as_expected(adapted)
    assert guard.passed, guard
    assert diagnostics.modules_adapted(adapted).passed is not False

    # it trains, learns, and touches only what it should
    assert diagnostics.start_digest(adapted) == diagnostics.start_digest(begin(recipe, place, saved))
    train(adapted, batches, tokenizer, tmp_path / "run")
    guard = diagnostics.base_unchanged(before, adapted)
    assert guard.passed, guard
    assert guard.details["rewritten"] == (len(adapted.modules) if name in REWRITING else 0)
    learnt = probe_logits(adapted.model, batches)
    assert diagnostics.outputs_differ(said, learnt).passed

    assert {w.dtype for w in adapted.model.parameters() if w.requires_grad} == {torch.float32}

    # it survives the disk
    save(adapted, stage_folder(saved, recipe, place))
    done = replace(recipe, stages=recipe.stages[: place + 1]) if recipe.stages else adapted.recipe
    loaded = load(base(recipe), done, saved)
    tolerance = 2e-4 if name in REWRITING or "adalora" in name else 1e-6
    torch.testing.assert_close(probe_logits(loaded.model, batches), learnt, atol=tolerance, rtol=tolerance)
    assert loaded.modules == adapted.modules
    assert not list(saved.rglob("*.bin"))
    assert not (stage_folder(saved, recipe, place) / "stage_1").exists()  # an adapter beside it is saved once


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "name", ["full--default", "lora--all-layers", "prompt--random-20", "bottleneck--houlsby", *sorted(STAGED)]
)
def test_the_same_seed_trains_to_the_same_weights_and_another_does_not(name, begin, batches, tokenizer, tmp_path):
    def trained(seed):
        recipe = shipped(name)
        for place in range(len(recipe.parts)):
            adapted = begin(recipe, place, tmp_path / "saved", seed)
            train(adapted, batches, tokenizer, tmp_path / f"run{seed}")
            save(adapted, stage_folder(tmp_path / "saved", recipe, place))
        return diagnostics.start_digest(adapted)

    assert trained(3) == trained(3)
    if name != "full--default":  # full fine-tuning draws nothing before training
        assert trained(4) != trained(3)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "name",
    ["full--default", "lora--all-layers", "dora--default", "rslora--default", "pissa--default", "ia3--default",
     "vera--default", "loha--default", "lokr--default", "oft--default", "lntuning--default", "adalora--default"],
)  # fmt: skip
def test_a_merged_model_answers_as_the_unmerged_one(name, ready, batches, tokenizer, tmp_path):
    adapted = ready(name)
    train(adapted, batches, tokenizer, tmp_path / "run")
    unmerged = probe_logits(adapted.model, batches)
    merged = merge(adapted)
    torch.testing.assert_close(probe_logits(merged, batches), unmerged, atol=5e-4, rtol=5e-4)
    assert not any("lora" in weight for weight, _ in merged.named_parameters())
    torch.testing.assert_close(probe_logits(adapted.model, batches), unmerged, atol=0, rtol=0)


@pytest.mark.parametrize("name", ["prompt--random-20", "prefix--default", "bottleneck--pfeiffer"])
def test_what_changes_no_weight_cannot_be_merged(name, ready):
    with pytest.raises(RecipeError, match="merge"):
        merge(ready(name))


@pytest.mark.parametrize("name", sorted(MATCHED))
def test_a_matched_recipe_has_as_many_parameters_as_its_match(name, ready):
    adapted = ready(name)
    other = copy.deepcopy(shipped(name).match.recipe)
    assert adapted.trainable == describe(other, adapted.model.config.to_dict()).trainable
    assert adapted.recipe.peft["lora_alpha"] == 2 * adapted.recipe.peft["r"]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_shipped_recipe_says_where_it_comes_from(name):
    recipe = read_recipe(RECIPES[name]).recipe
    assert re.search(r"arXiv \d{4}\.\d{5}|Neelam, PEFT in production", recipe.description), "its source"
    assert re.search(r"[Ll]earning rate", recipe.description), "its defaults' source"
    assert all("learning_rate" in stage.trained.training for stage in recipe.parts)

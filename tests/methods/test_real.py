"""One recipe of each family on the embedded model: a few steps, then every guard."""

import math

import pytest
from peft import PeftModel

from harness import diagnostics
from harness.declarations import places
from harness.methods.adapt import adapt
from harness.methods.store import load, save
from harness.sources import models
from harness.spec import load as load_spec
from harness.spec.recipe import read_recipe
from harness.training import train
from harness.training.probe import probe_batches

FAMILIES = [
    "full--last-half", "lora--r8", "dora--default", "pissa--default", "adalora--default", "aletheia--25", "qlora--nf4",
    "bottleneck--pfeiffer", "ia3--default", "vera--default", "oft--default", "prompt--labels-20", "prefix--default",
    "ptuning2--default",
]  # fmt: skip
ROWS = [
    {"prompt": f"Which field of a Pod names container {index}?\n", "completion": f"spec.containers[{index}].name"}
    for index in range(24)
]
FIELDS = {"max_steps": 3, "per_device_train_batch_size": 4, "max_length": 64, "warmup_steps": 0}


@pytest.mark.real
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_trains_on_the_embedded_model_and_passes_its_guards(name, tmp_path):
    recipe = read_recipe(places.shipped("adapters") / f"{name}.json").recipe
    spec = load_spec("gap").model
    loaded = models.load(spec, quantization=recipe.quantization)
    fields = {**FIELDS, "learning_rate": recipe.training["learning_rate"]}
    probe = probe_batches(ROWS, loaded.tokenizer, fields, seed=42)
    batch = next(iter(probe()))
    before, said = diagnostics.base_digest(loaded.model), diagnostics.logits(loaded.model, batch)

    adapted = adapt(loaded.model, recipe, seed=42, batches=probe, tokenizer=loaded.tokenizer)
    trained = train(adapted, loaded.tokenizer, ROWS, fields, seed=42, on_step=lambda *made: None)
    learnt = diagnostics.logits(adapted.model, batch)

    assert all(map(math.isfinite, trained.losses))
    if adapted.modules:  # three steps are few for virtual tokens that start at random
        assert trained.losses[-1] < trained.losses[0]
    assert diagnostics.base_unchanged(before, adapted).passed
    assert diagnostics.modules_adapted(adapted).passed is not False
    assert diagnostics.trainable_as_expected(adapted).passed is not False
    assert diagnostics.outputs_differ(said, learnt).passed
    assert isinstance(adapted.model, PeftModel) == (recipe.peft is not None)

    save(adapted, tmp_path)
    again = load(models.load(spec, quantization=recipe.quantization).model, adapted.recipe, tmp_path)
    assert float((diagnostics.logits(again.model, batch) - learnt).abs().max()) < 1e-3

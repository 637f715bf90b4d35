"""Models from elsewhere that are not of the experiment's base, each named with what is wrong, before any is scored."""

import json
import re

import pytest
import torch
from peft import LoraConfig, PrefixTuningConfig, PromptTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file

from harness.errors import RecipeError
from harness.methods import existing as onto
from harness.preflight.existing import check_existing, declared_sha256, existing_sha256
from harness.sources import models
from harness.spec import load
from harness.testing.tiny_spec import CONFIG
from helpers.trained_elsewhere import adapter, base, checkpoint

WIDER = {**CONFIG, "hidden_size": 64}
DEEPER = {**CONFIG, "num_hidden_layers": 3}


@pytest.fixture
def checked(tiny_spec):
    """Return a function that checks arms beside the stand-in; folders are names beside the spec."""

    def checked(**arms):
        spec = json.loads(tiny_spec.read_text())
        arms = {name: {key: [f"./{each}" for each in listed]} for name, (key, listed) in arms.items()}
        tiny_spec.write_text(json.dumps({**spec, "arms": arms}))
        experiment = load(tiny_spec)
        check_existing(experiment, models.tokenizer(experiment.model))
        return experiment

    return checked


def change(folder, **fields):
    """Change fields of an adapter's configuration."""
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_adapters_and_checkpoints_of_the_base_are_let_through_and_named_by_their_content(tiny_spec, tmp_path, checked):
    adapter(tmp_path / "a1", 1)
    adapter(tmp_path / "a2", 2, modules_to_save=["norm"])
    for seed in (1, 2):
        checkpoint(tmp_path / f"m{seed}", seed)
    experiment = checked(theirs=("adapters", ["a1", "a2"]), whole=("models", ["m1", "m2"]))
    found = existing_sha256(experiment)
    assert len(set(found.values())) == 4
    assert found == declared_sha256(experiment)
    (tmp_path / "a1" / "README.md").write_text("A word.")
    assert existing_sha256(experiment) == found
    weights = load_file(tmp_path / "a1" / "adapter_model.safetensors")
    save_file({name: each + 1 for name, each in weights.items()}, tmp_path / "a1" / "adapter_model.safetensors")
    assert existing_sha256(experiment)[str(tmp_path / "a1")] != found[str(tmp_path / "a1")]


def test_every_model_that_is_not_of_the_base_is_said_at_once(tmp_path, checked):
    adapter(tmp_path / "wider", 1, config=WIDER)
    adapter(tmp_path / "deeper", 1, config=DEEPER)
    checkpoint(tmp_path / "other", 1, WIDER)
    checkpoint(tmp_path / "scaled", 1, {**CONFIG, "rms_norm_eps": 0.1})
    with pytest.raises(RecipeError) as refused:
        checked(theirs=("adapters", ["wider", "deeper"]), whole=("models", ["other", "scaled"]))
    wider, deeper, other, scaled = str(refused.value).splitlines()
    assert re.search(r"theirs: .*wider: it was not trained from random-llama: \d+ weights of another shape", wider)
    assert "is [2, 64], here [2, 32]" in wider
    assert re.search(r"deeper: .*weights without a place in this model \(base_model\.model\.model\.layers\.2", deeper)
    assert "hidden_size 64, here 32" in other
    assert "rms_norm_eps 0.1, here 1e-06" in scaled


def test_an_adapter_says_which_base_it_was_trained_on(tmp_path, checked):
    for seed, name in ((1, "a1"), (2, "a2")):
        adapter(tmp_path / name, seed, config=WIDER)
        change(tmp_path / name, base_model_name_or_path="org/Other-1B")
    with pytest.raises(RecipeError, match=r"adapter_config\.json says that it was trained on org/Other-1B"):
        checked(theirs=("adapters", ["a1", "a2"]))


def test_a_file_without_config_with_pickled_weights_or_with_too_few_is_no_adapter(tmp_path, checked):
    for name in ("bare", "pickled", "cut", "more"):
        adapter(tmp_path / name, 1, safe=name != "pickled")
    (tmp_path / "bare" / "adapter_config.json").unlink()
    file = tmp_path / "cut" / "adapter_model.safetensors"
    first, *rest = load_file(file).items()
    save_file(dict(rest), file)
    change(tmp_path / "more", of_tomorrow=3, off_tomorrow=None)
    with pytest.raises(RecipeError) as refused:
        checked(one=("adapters", ["bare", "pickled"]), two=("adapters", ["cut", "more"]))
    bare, pickled, cut, more = str(refused.value).splitlines()
    assert "bare holds no adapter_config.json" in bare
    assert "holds no weights in safetensors. adapter_model.bin may run code when it is read, and is not." in pickled
    assert f"1 weight missing ({first[0]})" in cut
    assert "has no fields ['of_tomorrow']" in more


def test_a_configuration_that_imports_or_fetches_is_refused_and_so_is_a_file_that_was_cut_off(tmp_path, checked):
    for name in ("imports", "classes", "short", "text"):
        adapter(tmp_path / name, 1)
    change(tmp_path / "imports", megatron_config={"x": 1}, megatron_core="antigravity")
    change(tmp_path / "classes", task_type="SEQ_CLS")
    file = tmp_path / "short" / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:40])
    (tmp_path / "text" / "adapter_config.json").write_text("[1, 2")
    with pytest.raises(RecipeError) as refused:
        checked(one=("adapters", ["imports", "classes"]), two=("adapters", ["short", "text"]))
    imports, classes, short, text = str(refused.value).splitlines()
    assert "has PEFT import or fetch something else (megatron_config)" in imports
    assert "its task_type is 'SEQ_CLS'; what is scored is CAUSAL_LM" in classes
    assert "adapter_model.safetensors is no safetensors file, or not all of one" in short
    assert "adapter_config.json cannot be read" in text


def test_an_adapter_with_another_tokenizer_beside_it_is_refused(tiny_spec, tmp_path, checked):
    experiment = load(tiny_spec)
    ours = models.tokenizer(experiment.model)
    for name in ("same", "longer", "other"):
        adapter(tmp_path / name, {"same": 1, "longer": 2, "other": 3}[name])
        ours.save_pretrained(tmp_path / name)
    ours.add_tokens(["<one more>"])
    ours.save_pretrained(tmp_path / "longer")
    checked(theirs=("adapters", ["same", "longer"]))
    path = tmp_path / "other" / "tokenizer.json"
    said = json.loads(path.read_text())
    vocabulary = said["model"]["vocab"]
    vocabulary["a"], vocabulary["b"] = vocabulary["b"], vocabulary["a"]
    path.write_text(json.dumps(said))
    with pytest.raises(RecipeError) as refused:
        checked(theirs=("adapters", ["same", "other"]))
    assert "the tokenizer that lies beside it is another one: 2 of the base's" in str(refused.value)
    assert "('a', 'b')" in str(refused.value)


def test_the_same_weights_are_no_two_runs(tmp_path, checked):
    for name in ("a1", "a2"):
        adapter(tmp_path / name, 1)
    with pytest.raises(RecipeError, match=r"a2: the same weights as theirs: .*a1"):
        checked(theirs=("adapters", ["a1", "a2"]))


def test_an_adapter_that_took_its_start_out_of_the_base_must_be_converted(tmp_path, checked):
    adapter(tmp_path / "a1", 1, init_lora_weights="pissa")
    adapter(tmp_path / "a2", 2, init_lora_weights="gaussian")
    with pytest.raises(RecipeError, match=r"a1: .*path_initial_model_for_weight_conversion") as refused:
        checked(theirs=("adapters", ["a1", "a2"]))
    assert "a2" not in str(refused.value)


@pytest.mark.parametrize(
    "config",
    [
        PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
        PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
        LoraConfig(r=2, target_modules="all-linear", use_dora=True),
        LoraConfig(r=2, target_modules=["o_proj"], modules_to_save=["norm"]),
    ],
    ids=["prompt", "prefix", "dora", "with a module"],
)
def test_what_peft_saved_of_the_base_fits_it_and_of_a_wider_one_does_not(tmp_path, config):
    model = get_peft_model(base(), config).eval()
    with torch.no_grad():
        for weight in (each for each in model.parameters() if each.requires_grad):
            weight.add_(0.1)
    model.save_pretrained(tmp_path)
    assert list(onto.misfits("adapter", tmp_path, CONFIG, {})) == []
    assert list(onto.misfits("adapter", tmp_path, WIDER, {}))
    ids = torch.arange(3, 19).view(2, 8)
    loaded = onto.load(base(), "adapter", tmp_path)
    assert not loaded.training
    torch.testing.assert_close(loaded(input_ids=ids).logits, model(input_ids=ids).logits)
    assert (loaded(input_ids=ids).logits[:, -1] - base()(input_ids=ids).logits[:, -1]).abs().max() > 1e-4

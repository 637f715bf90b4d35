"""Base models from a folder and from a random initialisation; what is not there or not as declared is said."""

import json

import pytest
import torch

from harness.errors import NotInCacheError, SourceError
from harness.methods.adapt import adapt
from harness.methods.store import load, save
from harness.sources import models
from harness.sources.models.hub import HubSource
from harness.sources.models.path import PathSource
from harness.sources.models.pypi import PypiSource
from harness.spec.records import Model, Recipe


@pytest.fixture
def folder(tiny_model, tmp_path):
    loaded = models.load(Model(**tiny_model))
    loaded.model.save_pretrained(tmp_path / "model")
    loaded.tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def weights(loaded):
    return torch.cat([parameter.flatten() for parameter in loaded.model.parameters()])


def test_a_random_model_follows_its_seed(tiny_model):
    first, second, other = (models.load(Model(**{**tiny_model, "seed": seed})) for seed in (0, 0, 1))
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(other))


def test_a_folder_gives_the_same_weights_in_the_dtype_asked_for(folder, tiny_model):
    loaded = models.load(Model(source="path", path=str(folder)))
    assert torch.equal(weights(loaded), weights(models.load(Model(**tiny_model))))
    assert models.load(Model(source="path", path=str(folder), dtype="bfloat16")).model.dtype == torch.bfloat16


def test_a_tokenizer_without_a_pad_token_pads_with_eos(folder):
    tokenizer = models.tokenizer(Model(source="path", path=str(folder)))
    assert tokenizer.pad_token is not None


def test_a_declared_tokenizer_takes_the_place_of_the_models_own(folder, tmp_path):
    other = models.tokenizer(Model(source="path", path=str(folder)))
    other.add_tokens(["<new>"])
    other.save_pretrained(tmp_path / "words")
    declared = Model(source="path", path=str(folder), tokenizer=str(tmp_path / "words"))
    assert len(models.load(declared).tokenizer) == len(models.tokenizer(declared)) == len(other)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"config\.json"):
        models.folder(Model(source="path", path=str(tmp_path)))


def test_a_declared_shape_that_is_not_the_models_is_refused_with_both(folder):
    declared = Model(source="path", path=str(folder), config={"model_type": "llama", "num_hidden_layers": 7})
    with pytest.raises(SourceError, match="num_hidden_layers: declared 7, the model has 2"):
        models.load(declared)


def test_pickled_weights_are_not_read(folder):
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(SourceError, match="could not be loaded"):
        models.load(Model(source="path", path=str(folder)))


def test_the_fingerprint_of_a_folder_follows_its_bytes(folder):
    model = Model(source="path", path=str(folder))
    before = models.fingerprint(model)
    assert models.fingerprint(model) == before
    config = folder / "config.json"
    config.write_text(config.read_text() + " ")
    assert models.fingerprint(model) != before


def unreachable(*_args, **_options):
    raise ConnectionError("no route")


def test_an_unreachable_hub_is_a_clear_error(monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(SourceError, match=r"nobody/nothing at revision abc could not be fetched from the hub \(Conn"):
        models.folder(Model(source="hub", id="nobody/nothing", revision="abc"))


def test_offline_the_hubs_cache_is_what_is_missing(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(NotInCacheError, match="is not in the hub's cache, and HF_HUB_OFFLINE is set") as missing:
        models.folder(Model(source="hub", id="nobody/nothing", revision="abc"))
    assert missing.value.what == "nobody/nothing at revision abc"


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_evaluating_4_bit_weights_leaves_them_as_they_are_stored(folder):
    """On CPUs with AVX512-BF16 bitsandbytes would lay them out anew, and no gradient would pass through them again."""
    nf4 = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": "float32"}
    network = models.load(Model(source="path", path=str(folder)), quantization=nf4).model
    embedded = network.get_input_embeddings()(torch.arange(8)[None]).detach()

    def gradient():
        network.train()
        states = embedded.clone().requires_grad_()
        network(inputs_embeds=states).logits.square().sum().backward()
        return states.grad

    before = gradient()
    with torch.no_grad():
        network.eval()(input_ids=torch.arange(8)[None])
    torch.testing.assert_close(gradient(), before)


PYPI = {
    "source": "pypi",
    "package": "some-model",
    "version": "1.2",
    "member": "some/model-f16.gguf",
    "sha256": "0" * 64,
}


@pytest.mark.parametrize(
    ("declared", "address"),
    [
        (PYPI, "pypi:some-model==1.2/some/model-f16.gguf"),
        ({"source": "hub", "id": "somebody/model", "revision": "1" * 40}, "somebody/model"),
        ({"source": "path"}, "model"),
    ],
)
@pytest.mark.parametrize(
    "peft", [{"peft_type": "LORA", "r": 2}, {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2}]
)
def test_an_adapter_says_where_others_find_its_base_and_not_where_it_lies_here(
    folder, tmp_path, monkeypatch, declared, address, peft
):
    for source in (PypiSource, HubSource, PathSource):
        monkeypatch.setattr(source, "folder", lambda _: folder)
    if declared["source"] == "path":
        declared = {**declared, "path": str(folder)}
    base = models.load(Model(**declared)).model
    recipe = Recipe(method="m", name="n", peft={**peft, "base_model_name_or_path": "/somewhere/else"})
    save(adapt(base, recipe, seed=1), tmp_path)
    written = json.loads((tmp_path / "adapter_config.json").read_text())
    assert written["base_model_name_or_path"] == address
    for file in tmp_path.iterdir():
        if file.suffix in (".json", ".md"):
            assert str(folder) not in file.read_text(), file.name
    assert load(models.load(Model(**declared)).model, recipe, tmp_path).trainable


def test_a_random_model_has_no_place_at_all(tiny_model):
    assert models.load(Model(**tiny_model)).model.name_or_path == "random-llama"

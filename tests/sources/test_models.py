"""Base models from a folder and from a random initialisation; what is not there or not as declared is said."""

import pytest
import torch

from harness.errors import NotInCacheError, SourceError
from harness.sources import models
from harness.spec.records import Model


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

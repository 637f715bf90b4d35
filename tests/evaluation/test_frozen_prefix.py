"""Lower layers that another model computed are read, and every score keeps every bit."""

import copy

import peft
import pytest
import torch
from safetensors.torch import load_file

from harness.evaluation.frozen_prefix import PrefixReader
from harness.evaluation.scorer import SharedPromptLM
from harness.methods.adapt import adapt
from harness.model.decoder import layer_names
from harness.model.prefix_store import PrefixStore
from harness.spec.records import Bottleneck, Layers, Recipe

BOTH = ["llama", "qwen2", "gpt_neox", "qwen3", "gpt2", "phi", "granite", "mistral", "mixtral", "falcon"]
FAMILIES = [*((family, attention) for family in BOTH for attention in ("sdpa", "eager")), ("gemma2", "eager")]
ABOVE = [1, 2]
RECIPES = {
    "full": {},
    "lora": {"peft": {"peft_type": "LORA", "r": 4, "target_modules": "all-linear", "init_lora_weights": False}},
    "dora": {"peft": {"peft_type": "LORA", "r": 4, "target_modules": ["q_proj"], "use_dora": True}},
    "pissa": {"peft": {"peft_type": "LORA", "r": 4, "target_modules": ["v_proj"], "init_lora_weights": "pissa"}},
    "ia3": {
        "peft": {"peft_type": "IA3", "target_modules": ["k_proj", "down_proj"], "feedforward_modules": ["down_proj"]}
    },
    "bottleneck": {"bottleneck": Bottleneck(placement="pfeiffer", reduction_factor=8)},
}


@pytest.fixture
def store(tmp_path):
    return PrefixStore(tmp_path / "prefix", bound=10**8)


@pytest.fixture
def score(tokenizer, questions):
    def scored(model, prefix=None, asked=questions, **options):
        scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=3, prefix=prefix, **options)
        found = scorer.loglikelihood(asked, disable_tqdm=True)
        assert scorer.engine.startswith("shared-prompt")
        return found

    return scored


def trained_above(model, layer=1):
    """Return a copy whose layers from `layer` up are others, as full fine-tuning of these makes them."""
    other = copy.deepcopy(model)
    torch.manual_seed(5)
    with torch.no_grad():
        for name in layer_names(other)[layer:]:
            for weight in other.get_submodule(name).parameters():
                weight.add_(0.05 * torch.randn_like(weight))
    return other


@pytest.mark.parametrize("examples", [False, True])
@pytest.mark.parametrize(("family", "attention"), FAMILIES)
def test_scores_keep_every_bit(family, attention, examples, random_model, score, store, questions, with_examples):
    asked = with_examples if examples else questions
    base = random_model(family, attention=attention)
    tuned = trained_above(base)
    plain = score(tuned, asked=asked)
    kept = PrefixReader(base, store, keep=ABOVE)
    assert score(base, kept, asked) == score(base, asked=asked)
    first = kept.used()
    assert (first.layers, first.read, first.difference, first.notes) == ((1, 2), 0, None, ())
    assert first.kept > 2
    reading = PrefixReader(tuned, store, layer=1)
    assert score(tuned, reading, asked) == plain
    used = reading.used()
    assert (used.layers, used.kept, used.difference, used.notes) == ((1,), 0, 0.0, ())
    assert 2 * used.read == first.kept
    assert plain != score(base, asked=asked)


@pytest.mark.parametrize("name", RECIPES)
def test_every_family_of_recipe_reads_what_the_base_kept(name, random_model, score, store):
    recipe = Recipe(method=name, name="upper", layers=Layers(strategy="last", count=1), **RECIPES[name])
    base = random_model("llama")
    score(base, PrefixReader(base, store, keep=[2]))
    tuned = adapt(random_model("llama"), recipe, seed=1).model.eval()
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in (each for each in tuned.parameters() if each.requires_grad):
            weight.add_(0.1 * torch.randn_like(weight))
    plain = score(tuned)
    reader = PrefixReader(tuned, store, layer=2)
    assert score(tuned, reader) == plain
    used = reader.used()
    assert (used.kept, used.difference, used.notes) == (0, 0.0, ())
    assert used.read > 2


def test_after_the_first_batch_no_lower_layer_is_computed(random_model, score, store, questions, with_examples):
    base = random_model("llama")
    for asked in (questions, with_examples):
        score(base, PrefixReader(base, store, keep=[1]), asked)
    reader = PrefixReader(base, store, layer=1)
    score(base, reader)
    plain = score(base, asked=with_examples)
    counted = []
    base.model.layers[0].mlp.register_forward_hook(lambda *_: counted.append(1))
    assert score(base, reader, with_examples) == plain
    assert counted == [1]  # the plain forward pass that the scorer compares with


def test_a_model_that_comes_first_keeps_for_the_next(random_model, score, store):
    base = random_model("llama")
    first, second = trained_above(base, 2), trained_above(base, 2)
    for model, kept in ((first, True), (second, False)):
        reader = PrefixReader(model, store, layer=2)
        assert score(model, reader) == score(model)
        used = reader.used()
        assert (bool(used.kept), bool(used.read)) == (kept, not kept)
        assert (used.bytes > 0) == kept


def test_other_weights_below_read_nothing_of_it(random_model, score, store):
    base, other = random_model("llama"), random_model("llama")
    score(base, PrefixReader(base, store, keep=[1]))
    with torch.no_grad():
        other.model.layers[0].mlp.up_proj.weight[0, 0] += 1.0
    reader = PrefixReader(other, store, layer=1)
    assert score(other, reader) == score(other)
    assert reader.used().read == 0


def test_an_adapter_below_is_named_and_nothing_is_kept(random_model, score, store, tmp_path):
    config = peft.LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    model = peft.get_peft_model(random_model("llama"), config)
    reader = PrefixReader(model, store, layer=1)
    assert score(model, reader) == score(model)
    (note,) = reader.used().notes
    assert note.startswith("not used: model.layers.0.")
    assert note.endswith("is adapted, below layer 1")
    assert not (tmp_path / "prefix").exists()


@pytest.mark.parametrize("which", [0, -1])
def test_a_poisoned_batch_is_noticed_named_not_used_and_replaced(which, random_model, score, store, tmp_path):
    base = random_model("llama")
    score(base, PrefixReader(base, store, keep=[1]))
    path = sorted((tmp_path / "prefix").rglob("*.safetensors"), key=lambda each: each.stat().st_size)[which]
    written = path.read_bytes()
    path.write_bytes(written[:-4] + bytes([each ^ 255 for each in written[-4:]]))
    tuned = trained_above(base)
    reader = PrefixReader(tuned, store, layer=1)
    assert score(tuned, reader) == score(tuned)
    used = reader.used()
    assert used.notes == (f"not used: {path.parent.name}/{path.name} does not hold what its checksum says",)
    assert (used.read > 1, used.kept) == (True, 1)
    assert path.read_bytes() == written
    assert reader.used().notes == ()


def test_what_another_model_would_have_computed_is_found_out(random_model, score, store, tmp_path):
    base = random_model("llama")
    score(base, PrefixReader(base, store, keep=[1]))
    for path in (tmp_path / "prefix").rglob("*.safetensors"):
        hidden = load_file(path)["hidden_states"] * 1.001
        store.keep(path.parent.name, path.stem, hidden)
    reader = PrefixReader(base, store, layer=1)
    assert score(base, reader) == score(base)
    used = reader.used()
    assert used.difference > 0
    assert used.read == 1
    assert used.notes == (f"not used: with it the logits of one batch differ by {used.difference:.3g}",)


def test_a_model_whose_layers_cannot_be_passed_over_computes_them(random_model, score, store):
    base = random_model("llama")
    score(base, PrefixReader(base, store, keep=[1]))
    reader = PrefixReader(base, store, layer=1)
    seen = {}
    base.model.layers[0].mlp.register_forward_hook(lambda *_: seen.update(below=1))
    base.model.layers[1].register_forward_pre_hook(lambda *_: seen.pop("below") and None)
    assert score(base, reader) == score(base)
    (note,) = reader.used().notes
    assert note.startswith("not used: the model's lower layers cannot be passed over (KeyError:")


def test_a_bound_that_is_reached_is_said_and_scores_stay(random_model, score, tmp_path):
    base, store = random_model("llama"), PrefixStore(tmp_path, bound=20_000)
    keeping = PrefixReader(base, store, keep=[1])
    score(base, keeping)
    used = keeping.used()
    assert 0 < used.bytes <= 20_000
    assert used.notes == ("nothing more is kept: the 20,000 bytes of execute.frozen_prefix_bytes are taken",)
    tuned = trained_above(base)
    reader = PrefixReader(tuned, PrefixStore(tmp_path, bound=20_000), layer=1)
    assert score(tuned, reader) == score(tuned)
    assert 0 < reader.used().read <= used.kept


def test_half_precision_keeps_every_bit_too(random_model, score, store):
    base = random_model("llama").to(torch.bfloat16)
    tuned = trained_above(base)
    score(base, PrefixReader(base, store, keep=[1]))
    reader = PrefixReader(tuned, store, layer=1)
    assert score(tuned, reader) == score(tuned)
    assert reader.used().difference == 0.0

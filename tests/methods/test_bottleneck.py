import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM

from harness import diagnostics
from harness.errors import RecipeError
from harness.methods.adapt import adapt
from harness.methods.bottleneck import adapters
from harness.methods.store import load, save
from harness.spec.records import Bottleneck, Layers, Recipe

IDS = {"input_ids": torch.arange(3, 19).reshape(2, 8), "attention_mask": torch.ones(2, 8, dtype=torch.long)}


def recipe(placement="houlsby", **more):
    layers = more.pop("layers", Layers())
    block = Bottleneck(placement=placement, **{"reduction_factor": 8, **more})
    return Recipe(method="bottleneck", name="test", bottleneck=block, layers=layers)


@pytest.mark.parametrize(("placement", "per_layer"), [("houlsby", ("self_attn", "mlp")), ("pfeiffer", ("mlp",))])
def test_the_placement_says_which_blocks_are_followed_by_an_adapter(tiny, placement, per_layer):
    adapted = adapt(tiny(), recipe(placement), seed=0)
    assert adapted.modules == tuple(f"model.layers.{n}.{block}" for n in range(4) for block in per_layer)
    assert adapted.trainable == len(adapted.modules) * (2 * 64 * 8 + 64 + 8)
    assert {name.split(".")[-3] for name, w in adapted.model.named_parameters() if w.requires_grad} == {
        "bottleneck_adapter"
    }


def test_only_the_chosen_layers_get_adapters(tiny):
    adapted = adapt(tiny(), recipe(layers=Layers(strategy="last", count=1)), seed=0)
    assert adapted.layers == (3,)
    assert all(".layers.3." in name for name in adapters(adapted.model))


def test_the_blocks_output_goes_through_down_activation_up_and_a_residual(tiny):
    adapted = adapt(tiny(), recipe("pfeiffer", layers=Layers(strategy="first", count=1)), seed=0)
    block = adapted.model.get_submodule("model.layers.0.mlp")
    adapter = block.get_submodule("bottleneck_adapter")
    hidden = torch.randn(2, 3, 64, generator=torch.Generator().manual_seed(0))
    plain = tiny().get_submodule("model.layers.0.mlp")(hidden)
    inner = torch.relu(plain @ adapter.down.weight.T + adapter.down.bias)
    expected = plain + inner @ adapter.up.weight.T + adapter.up.bias
    torch.testing.assert_close(block(hidden), expected)


def test_it_starts_close_to_the_base_but_not_as_the_base(tiny):
    base = diagnostics.logits(tiny(), IDS)
    started = diagnostics.logits(adapt(tiny(), recipe(), seed=0).model, IDS)
    assert 0 < float((base - started).abs().max()) < 0.05 * float(base.abs().max())


def test_every_adapter_weight_gets_a_gradient(tiny):
    adapted = adapt(tiny(), recipe(activation="gelu"), seed=0)
    adapted.model(**IDS, labels=IDS["input_ids"]).loss.backward()
    assert all(w.grad is not None and w.grad.abs().sum() > 0 for w in adapted.model.parameters() if w.requires_grad)


@pytest.mark.parametrize(
    ("model", "blocks"),
    [
        (GPT2LMHeadModel(GPT2Config(n_layer=2, n_embd=32, n_head=2, vocab_size=64)), ("attn", "mlp")),
        (
            GPTNeoXForCausalLM(
                GPTNeoXConfig(
                    num_hidden_layers=2, hidden_size=32, num_attention_heads=2, intermediate_size=64, vocab_size=64
                )
            ),
            ("attention", "mlp"),
        ),
    ],
)
def test_other_architectures_have_their_blocks_found(model, blocks):
    base = diagnostics.logits(model, IDS)
    adapted = adapt(model, recipe(), seed=0)
    assert {name.rpartition(".")[2] for name in adapted.modules} == set(blocks)
    assert diagnostics.outputs_differ(base, diagnostics.logits(adapted.model, IDS)).passed


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"activation": "reluu"}, "activation 'reluu' is unknown"),
        ({"attention": "attn"}, "no attention block called attn.*Name one of self_attn, mlp"),
    ],
)
def test_what_the_model_lacks_is_refused(tiny, block, words):
    with pytest.raises(RecipeError, match=words):
        adapt(tiny(), recipe(**block), seed=0)


def test_weights_of_another_recipe_are_refused(tiny, tmp_path):
    save(adapt(tiny(), recipe("pfeiffer"), seed=0), tmp_path)
    (tmp_path / "bottleneck.json").write_text((tmp_path / "bottleneck.json").read_text().replace("pfeiffer", "houlsby"))
    with pytest.raises(RecipeError, match="another model or recipe"):
        load(tiny(), recipe(), tmp_path)

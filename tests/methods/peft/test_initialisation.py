"""Each initialisation is what its name says: tested by the property that defines it, not by having run."""

import pytest
import torch

from harness.errors import RecipeError
from harness.methods.adapt import adapt
from harness.spec.records import Recipe

pytestmark = [
    # advice of PEFT on memory, and of torch on how PEFT's own hooks are called
    pytest.mark.filterwarnings("ignore:lora with eva initialization"),
    pytest.mark.filterwarnings("ignore:Full backward hook is firing"),
]

R = 4
TARGETS = ["q_proj", "down_proj"]
Q = "model.layers.1.self_attn.q_proj"


def recipe(init, *, probe_batches=4, alpha=R, **peft):
    block = {
        "peft_type": "LORA", "r": R, "lora_alpha": alpha, "target_modules": TARGETS, "init_lora_weights": init, **peft,
    }  # fmt: skip
    return Recipe(method="lora", name="test", peft=block, probe_batches=probe_batches)


def lora(adapted, name=Q):
    module = adapted.model.get_base_model().get_submodule(name)
    up, down = module.lora_B["default"].weight.detach(), module.lora_A["default"].weight.detach()
    return up, down, module.get_base_layer().weight.detach(), module.scaling["default"]


def weight_of(model, name=Q):
    return model.get_submodule(name).weight.detach().clone()


def inputs_of(model, batches, count, name=Q):
    """(tokens, features): what the module was given on the first batches."""
    seen = []
    handle = model.get_submodule(name).register_forward_hook(lambda module, args, output: seen.append(args[0]))
    with torch.no_grad():
        for batch, _ in zip(batches(), range(count), strict=False):
            model(**batch)
    handle.remove()
    return torch.cat([each.reshape(-1, each.shape[-1]) for each in seen])


def span(vectors):
    """The projector onto the rows of `vectors`."""
    basis = torch.linalg.qr(vectors.T.double())[0]
    return basis @ basis.T


def test_pissa_takes_the_largest_singular_directions_out_of_the_base(tiny):
    weight = weight_of(tiny())
    up, down, base, scaling = lora(adapt(tiny(), recipe("pissa"), seed=0))
    values = torch.linalg.svdvals(weight)
    torch.testing.assert_close(torch.linalg.svdvals(scaling * up @ down)[:R], values[:R], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.linalg.svdvals(base)[:-R], values[R:], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(base + scaling * up @ down, weight, rtol=0, atol=1e-5)


def test_olora_starts_from_orthonormal_columns_and_keeps_the_function(tiny):
    weight = weight_of(tiny())
    up, down, base, scaling = lora(adapt(tiny(), recipe("olora"), seed=0))
    torch.testing.assert_close(up.T @ up, torch.eye(R), rtol=0, atol=1e-5)
    torch.testing.assert_close(down, up.T @ weight, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(base + scaling * up @ down, weight, rtol=0, atol=1e-5)


def few_words():
    """Batches of six tokens only: their inputs have a few directions that stand out, as real text's do."""
    generator = torch.Generator().manual_seed(3)
    for _ in range(8):
        ids = 10 + torch.randint(0, 6, (4, 16), generator=generator)
        yield {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids}


def test_eva_starts_as_the_main_directions_of_the_inputs(tiny):
    batches = few_words
    adapted = adapt(tiny(), recipe("eva", eva_config={"rho": 1.0}), seed=0, batches=batches)
    up, down, base, _ = lora(adapted)
    inputs = inputs_of(tiny(), batches, 4)
    directions = torch.linalg.svd(inputs - inputs.mean(0), full_matrices=False)[2][:R]
    bare = lora(adapt(tiny(), recipe(True), seed=0))[1]

    def overlap(vectors):
        return float(torch.trace(span(vectors) @ span(directions))) / R

    assert overlap(down) > 0.9
    assert overlap(bare) < 0.3
    assert torch.count_nonzero(up) == 0
    assert torch.equal(base, weight_of(tiny()))
    assert [probe.purpose for probe in adapted.probes] == ["eva"]


def test_corda_takes_the_directions_of_weight_times_covariance(tiny, batches):
    config = {"corda_method": "ipm"}
    weight = weight_of(tiny())
    up, down, base, scaling = lora(adapt(tiny(), recipe("corda", corda_config=config), seed=0, batches=batches))
    rows = inputs_of(tiny(), batches, 4).reshape(-1, 12, 64)
    covariance = sum((row / row.max().abs()).T @ (row / row.max().abs()) for row in rows) / len(rows)
    directions = torch.linalg.svd(weight @ covariance)[0][:, :R]
    assert float(torch.trace(span(up.T) @ span(directions.T))) / R > 0.99
    torch.testing.assert_close(base + scaling * up @ down, weight, rtol=0, atol=1e-4)


def test_lora_ga_starts_within_the_largest_directions_of_the_gradient(tiny, batches):
    config = {"direction": "ArB2r", "scale": "stable"}
    weight = weight_of(tiny())
    up, down, base, scaling = lora(adapt(tiny(), recipe("lora_ga", lora_ga_config=config), seed=0, batches=batches))
    model = tiny()
    for batch, _ in zip(batches(), range(4), strict=False):
        model(**batch).loss.backward()
    left, _, right = torch.linalg.svd(model.get_submodule(Q).weight.grad)
    assert float(torch.trace(span(down) @ span(right[:R]))) / R > 0.99
    assert float(torch.trace(span(up.T) @ span(left[:, R : 2 * R].T))) / R > 0.99
    torch.testing.assert_close(base + scaling * up @ down, weight, rtol=0, atol=1e-4)


@pytest.mark.parametrize("init", ["eva", "corda", "lora_ga"])
def test_an_initialisation_from_data_refuses_to_do_without(tiny, init):
    config = {"lora_ga": "lora_ga_config"}.get(init, f"{init}_config")
    with pytest.raises(RecipeError, match=f"'{init}' reads training batches and was given none"):
        adapt(tiny(), recipe(init, **{config: {}}), seed=0)


def prompt(init, **more):
    block = {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 6, "prompt_tuning_init": init, **more}
    return Recipe(method="prompt", name="test", peft=block)


def virtual_tokens(adapted):
    return adapted.model.prompt_encoder["default"].embedding.weight.detach()


def test_a_prompt_from_the_vocabulary_is_made_of_its_embeddings(tiny):
    table = tiny().get_input_embeddings().weight
    tokens = virtual_tokens(adapt(tiny(), prompt("SAMPLE_VOCAB"), seed=0))
    assert all((table == token).all(dim=1).any() for token in tokens)
    random = virtual_tokens(adapt(tiny(), prompt("RANDOM"), seed=0))
    assert not any((table == token).all(dim=1).any() for token in random)


def test_a_prompt_from_text_is_the_texts_embeddings_repeated_to_length(tiny, tokenizer):
    text = "Answer the question command"
    adapted = adapt(tiny(), prompt("TEXT", prompt_tuning_init_text=text), seed=0, tokenizer=tokenizer)
    ids = (tokenizer(text)["input_ids"] * 2)[:6]
    assert torch.equal(virtual_tokens(adapted), tiny().get_input_embeddings().weight[ids])


def test_a_prompt_from_text_needs_a_tokenizer(tiny):
    with pytest.raises(RecipeError, match="needs the base model's tokenizer"):
        adapt(tiny(), prompt("TEXT", prompt_tuning_init_text="answer"), seed=0)


def test_rank_stabilised_scaling_grows_with_the_root_of_the_rank(tiny):
    *_, scaling = lora(adapt(tiny(), recipe(True, alpha=8, use_rslora=True), seed=0))
    assert scaling == pytest.approx(8 / R**0.5)


def test_eva_refuses_batches_with_fewer_tokens_than_directions(tiny):
    def few_labels():
        for batch in few_words():
            yield {**batch, "labels": torch.where(torch.arange(16) > 14, batch["labels"], -100)}

    with pytest.raises(RecipeError, match=r"seeks 8 directions .* no batch has more than 4 tokens"):
        adapt(tiny(), recipe("eva", eva_config={"rho": 2.0}), seed=0, batches=few_labels)
    unmasked = recipe("eva", eva_config={"rho": 2.0, "use_label_mask": False})
    assert adapt(tiny(), unmasked, seed=0, batches=few_labels).probes[0].batches == 4

import re

import pytest

from harness.methods.dry_run import describe
from harness.methods.incompatibilities import incompatibilities
from harness.spec.records import Bottleneck, Layers, Match, Recipe

TINY = {
    "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "tie_word_embeddings": True,
}  # fmt: skip
LORA = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": "all-linear"}
NF4 = {"load_in_4bit": True}


def recipe(peft=None, **more):
    return Recipe(method="m", name="n", peft=peft, **more)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (recipe(quantization=NF4), "full fine-tuning cannot train quantized weights"),
        (recipe(bottleneck=Bottleneck(placement="pfeiffer"), quantization=NF4), "need unquantized weights"),
        (recipe(LORA, bottleneck=Bottleneck(placement="pfeiffer")), "a recipe has one method"),
        (recipe({**LORA, "init_lora_weights": "pissa"}, quantization=NF4), "quantized ones cannot be read"),
        (recipe({**LORA, "init_lora_weights": "olora"}, quantization=NF4), "what is saved is not what was trained"),
        (recipe({"peft_type": "LOHA", "target_modules": ["q_proj"]}, quantization=NF4), "LOHA .* fails on 4-bit ones"),
        (recipe({**LORA, "use_dora": True}, quantization={"load_in_8bit": True}), "norms of 8-bit weights"),
        (recipe({**LORA, "init_lora_weights": "loftq"}), "need a GPU"),
        (recipe({**LORA, "layers_to_transform": [0]}), "no layers_to_transform beside an expression"),
        (
            recipe(
                {**LORA, "target_modules": ["q_proj"], "layers_to_transform": [0]},
                layers=Layers(strategy="first", count=1),
            ),
            "chosen twice",
        ),
        (
            recipe({"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 2}, training={"gradient_checkpointing": True}),
            "gradient checkpointing drops",
        ),
        (recipe({**LORA, "target_modules": ["lm_head"]}), "refuses adapters on the output head. Leave lm_head out"),
        (recipe({**LORA, "target_modules": ".*(head|q_proj)"}), "refuses adapters on the output head"),
        (recipe({**LORA, "target_modules": "(q_proj"}), r"target_modules: '\(q_proj' is not a regular expression"),
        (recipe({**LORA, "rank_pattern": {"(q": 2}}), r"rank_pattern: '\(q' is not a regular expression"),
        (recipe({**LORA, "rank_pattern": {"gate": 2}}), r"rank_pattern \['gate'\] match no module. There are: q_proj"),
        (recipe({**LORA, "alpha_pattern": {"gate": 2}}), r"alpha_pattern \['gate'\] match no module"),
        (recipe({**LORA, "exclude_modules": ["c_proj"]}), r"exclude_modules \['c_proj'\] match no module"),
        (recipe({**LORA, "exclude_modules": ".*c_proj"}), r"exclude_modules \['\.\*c_proj'\] match no module"),
        (recipe({**LORA, "modules_to_save": ["score"]}), r"modules_to_save \['score'\] match no module"),
        (
            recipe({**LORA, "target_modules": ["q_proj"], "layers_to_transform": [0, 4]}),
            r"layers_to_transform \[4\] do not exist: the model has 4 layers, 0 to 3",
        ),
        (recipe({**LORA, "task_type": "SEQ_CLS"}), "task_type is 'SEQ_CLS'"),
        (recipe({"peft_type": "XLORA", "hidden_size": 64}), "XLORA mixes adapters that there are already"),
        (recipe({**LORA, "init_lora_weights": "pizza"}), "init_lora_weights 'pizza' is unknown.*pissa"),
        (
            recipe({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2, "prompt_tuning_init": "VOCAB"}),
            "prompt_tuning_init 'VOCAB' is unknown.*SAMPLE_VOCAB",
        ),
        (recipe({"peft_type": "PREFIX_TUNING"}), "num_virtual_tokens is None. Ask for 1 or more"),
        (recipe({"peft_type": "P_TUNING", "num_virtual_tokens": 0}), "num_virtual_tokens is 0"),
        (
            recipe({"peft_type": "ADALORA", "init_r": 4, "target_r": 6, "target_modules": ["q_proj"], "total_step": 9}),
            "from init_r 4 to target_r 6, which is more",
        ),
        (recipe({"peft_type": "LOHA", "r": 40, "target_modules": ["k_proj"]}), "rank 40 is larger than k_proj"),
        (
            recipe(
                {"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 2}, training={"activation_checkpointing": True}
            ),
            "gradient checkpointing drops",
        ),
        (recipe({**LORA, "trainable_token_indices": [3]}), "tied"),
        (recipe({"peft_type": "ADAPTION_PROMPT", "adapter_len": 2, "adapter_layers": 2}), "fails under TRL"),
        (recipe({**LORA, "init_lora_weights": "corda", "corda_config": {"cache_file": "c.pt"}}), "does not carry"),
        (recipe({**LORA, "r": 65}), "rank 65 is larger than .*_proj, a matrix of rank 64 at most"),
        (
            recipe({"peft_type": "ADALORA", "init_r": 40, "target_modules": ["k_proj"], "total_step": 9}),
            "rank 40 is larger than k_proj, a matrix of rank 32 at most",
        ),
        (recipe({**LORA, "rank_pattern": {"k_proj": 33}}), "rank 33 is larger than k_proj"),
        (recipe({**LORA, "rank_pattern": {r"layers\.1\..*k_proj": 33}}), "rank 33 is larger than k_proj"),
        (recipe({**LORA, "target_modules": ["query"]}), r"\['query'\] match nothing"),
        (recipe(LORA, layers=Layers(strategy="list", indices=(9,))), r"\[9\] do not exist"),
        (recipe({**LORA, "rank": 3}), "has no fields"),
        (
            recipe({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2}, layers=Layers(strategy="last", count=1)),
            "no layers or modules to choose",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:No value was provided for `adapters`")
def test_a_recipe_that_cannot_work_is_refused_with_the_reason(refused, words):
    reasons = incompatibilities(refused, TINY, "cpu")
    assert len(reasons) >= 1
    assert any(re.search(words, reason) for reason in reasons), reasons


def test_what_works_is_not_refused():
    assert incompatibilities(recipe(), TINY, "cpu") == []
    assert incompatibilities(recipe(LORA, quantization=NF4), TINY, "cpu") == []
    assert incompatibilities(recipe({**LORA, "r": 32}), TINY, "cuda") == []
    assert (
        incompatibilities(recipe(LORA, layers=Layers(strategy="gradient", count=1), quantization=NF4), TINY, "cpu")
        == []
    )


@pytest.mark.parametrize(
    "peft",
    [
        {**LORA, "rank_pattern": {r"layers\.[01]\..*proj": 2}, "alpha_pattern": {"q_proj": 3}},
        {**LORA, "exclude_modules": ["o_proj"], "modules_to_save": ["norm"]},
        {**LORA, "init_lora_weights": "pissa_niter_4"},
        {**LORA, "target_modules": ["q_proj"], "layers_to_transform": 3},
    ],
)
def test_patterns_that_mean_something_are_not_refused(peft):
    assert incompatibilities(recipe(peft), TINY, "cpu") == []


@pytest.mark.parametrize(
    ("peft", "expected"),
    [
        ({"peft_type": "BOFT", "boft_block_size": 4, "target_modules": ["q_proj"]}, 4 * (64 * 4 + 64)),
        ({"peft_type": "SHIRA", "r": 2, "target_modules": ["q_proj"]}, 4 * 2 * (64 + 64)),
    ],
    ids=lambda value: value["peft_type"] if isinstance(value, dict) else None,
)
def test_a_method_that_looks_at_values_can_be_planned(peft, expected):
    assert incompatibilities(recipe(peft), TINY, "cpu") == []
    assert describe(recipe(peft), TINY).trainable == expected


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "lama"}, "model_type 'lama' is unknown. The nearest are: llama"),
        ({}, "model_type None is unknown"),
        ({**TINY, "num_attention_heads": 5}, "not a multiple of the number of attention heads"),
        ({**TINY, "num_attention_heads": 0}, "cannot build a model"),
        ({**TINY, "num_hidden_layers": "4"}, "expected int, got str"),
    ],
)
def test_a_configuration_that_is_no_models_is_refused(config, words):
    (reason,) = incompatibilities(recipe(LORA), config, "cpu")
    assert re.search(words, reason)
    assert len(reason) < 300


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "gpt2", "n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 256},
        {"model_type": "gptj", "n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 256, "rotary_dim": 8},
        {
            "model_type": "mixtral", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "num_local_experts": 4,
        },
    ],
    ids=lambda config: config["model_type"],
)  # fmt: skip
def test_other_architectures_are_read_by_their_own_names(config):
    assert incompatibilities(recipe(LORA), config, "cpu") == []
    wide = recipe(bottleneck=Bottleneck(placement="houlsby"), match=Match(recipe=recipe(LORA), tolerance=0.1))
    assert incompatibilities(wide, config, "cpu") == []
    modules = describe(recipe(LORA), config).modules
    assert len(set(modules)) == len(modules)
    assert not any("base_layer" in name for name in modules)


def test_every_reason_is_said_at_once():
    both = recipe({**LORA, "init_lora_weights": "loftq", "layers_to_transform": [0]})
    assert len(incompatibilities(both, TINY, "cpu")) == 2


def test_without_a_configuration_what_needs_none_is_still_said():
    assert incompatibilities(recipe(quantization=NF4), None, "cpu")
    assert incompatibilities(recipe({**LORA, "rank": 3}), None, "cpu")
    assert incompatibilities(recipe({**LORA, "r": 4096}), None, "cpu") == []


def test_the_cells_training_fields_count_too():
    prefix = recipe({"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 2})
    assert incompatibilities(prefix, TINY, "cpu") == []
    assert incompatibilities(prefix, TINY, "cpu", training={"gradient_checkpointing": True})


@pytest.mark.parametrize(
    ("peft", "words"),
    [
        (
            {**LORA, "target_modules": ["q_proj"], "layers_to_transform": [0], "layers_pattern": "h"},
            r"peft\.layers_pattern 'h' is in no module's name\. The layers of this model are in 'layers'",
        ),
        (
            {**LORA, "target_modules": ["q_proj"], "layers_to_transform": [0], "layers_pattern": ["blocks", "h"]},
            r"peft\.layers_pattern \['blocks', 'h'\] is in no module's name",
        ),
        (
            {**LORA, "target_modules": ["q_proj"], "exclude_modules": ["q_proj", "v_proj"]},
            r"peft\.exclude_modules \['q_proj', 'v_proj'\] leaves none .* names: model\.layers\.N\.self_attn\.q_proj",
        ),
        ({**LORA, "exclude_modules": ".*proj"}, r"peft\.exclude_modules '\.\*proj' leaves none"),
        (
            {**LORA, "target_modules": ["q_proj"], "modules_to_save": ["self_attn"]},
            r"peft\.modules_to_save .* leaves none",
        ),
        (
            {**LORA, "target_modules": [r".*\.(q|v)_proj"]},
            r"in a list is taken for a name, not for a regular expression\. Write the expression as a text of its own",
        ),
        ({**LORA, "target_modules": ["q_proj", "mlp.*_proj"]}, r"\['mlp\.\*_proj'\] match nothing"),
        ({**LORA, "target_modules": [], "target_parameters": ["gate_up"]}, r"target_parameters 'gate_up' matches no"),
    ],
)
def test_the_field_that_leaves_nothing_is_named(peft, words):
    (reason,) = incompatibilities(recipe(peft), TINY, "cpu")
    assert re.search(words, reason), reason


def test_pefts_own_names_that_a_model_lacks_are_not_held_against_the_recipe():
    mixtral = {
        "model_type": "mixtral", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "num_local_experts": 4,
    }  # fmt: skip
    (reason,) = incompatibilities(recipe({"peft_type": "IA3"}), mixtral, "cpu")
    assert re.search(r"target_modules is absent, and PEFT's default .* names \['w2'\], which this model lacks", reason)
    experts = recipe({**LORA, "target_modules": ["w1", "w2", "w3"]})  # what transformers 4 called them
    assert describe(experts, mixtral).modules == tuple(f"model.layers.{layer}.mlp.experts" for layer in range(2))


def test_trained_tokens_are_in_the_embeddings_where_nothing_else_is_said():
    untied = {**TINY, "tie_word_embeddings": False}
    block = {"peft_type": "TRAINABLE_TOKENS", "token_indices": [3, 4]}
    assert incompatibilities(recipe(block), untied, "cpu") == []
    described = describe(recipe(block), untied)
    assert described.modules == ("model.embed_tokens",)
    assert described.trainable == 2 * 64
    gpt2 = {"model_type": "gpt2", "n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 256}
    assert describe(recipe(block), {**gpt2, "tie_word_embeddings": False}).modules == ("transformer.wte",)

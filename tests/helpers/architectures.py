"""Tiny configurations of many architectures, each with its own names for the same matrices."""

_PLAIN = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 256,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
_GROUPED = {**_PLAIN, "num_key_value_heads": 2}
_OLD = {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 256, "bos_token_id": 1, "eos_token_id": 2}
_FEW = {key: value for key, value in _PLAIN.items() if key != "intermediate_size"}

ARCHITECTURES = {
    config["model_type"]: config
    for config in (
        {"model_type": "llama", **_GROUPED},
        {"model_type": "mistral", **_GROUPED},
        {"model_type": "qwen2", **_GROUPED},
        {"model_type": "qwen3", **_GROUPED, "head_dim": 16},
        {"model_type": "gemma2", **_GROUPED, "head_dim": 16},
        {"model_type": "stablelm", **_GROUPED},
        {"model_type": "phi3", **_GROUPED},
        {"model_type": "phi", **_PLAIN},
        {"model_type": "mixtral", **_GROUPED, "num_local_experts": 4},
        {"model_type": "gpt2", **_OLD},
        {"model_type": "gptj", **_OLD, "rotary_dim": 8},
        {"model_type": "gpt_neox", **_PLAIN},
        {"model_type": "falcon", **_FEW},
        {"model_type": "mpt", "d_model": 64, "n_layers": 2, "n_heads": 4, "vocab_size": 256},
        {"model_type": "opt", **_FEW, "ffn_dim": 128, "word_embed_proj_dim": 64},
    )
}

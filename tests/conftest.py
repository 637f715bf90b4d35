"""Stand-ins for unit tests: a two-layer random Llama and a small tokenizer, made here and saved as a folder."""

import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from harness import registry
from helpers.light import is_heavy, lacks_the_extra

TINY_CONFIG = {
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "vocab_size": 300,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def pytest_ignore_collect(collection_path):
    """Where the extra `run` is not installed, leave out the files that import what it brings."""
    return True if lacks_the_extra() and is_heavy(collection_path) else None


def pytest_collection_modifyitems(items):
    """Where it is not installed, skip what is marked to need it."""
    if lacks_the_extra():
        for item in items:
            if item.get_closest_marker("run"):
                item.add_marker(pytest.mark.skip(reason="needs the extra `run`"))


@pytest.fixture(scope="session")
def tiny_tokenizer_folder(tmp_path_factory) -> Path:
    """A byte-level tokenizer with the special tokens <pad>, <bos> and <eos>."""
    pytest.importorskip("transformers", reason="needs the extra `run`")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate(["<pad>", "<bos>", "<eos>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    folder = tmp_path_factory.mktemp("tokenizer")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>"
    ).save_pretrained(folder)
    return folder


@pytest.fixture
def tiny_model(tiny_tokenizer_folder) -> dict:
    """The `model` block of a spec: two random layers of width 32."""
    return {"source": "random", "config": TINY_CONFIG, "seed": 0, "tokenizer": str(tiny_tokenizer_folder)}


@pytest.fixture
def tiny_spec(tmp_path, tiny_model) -> Path:
    """A whole experiment on stand-ins: two recipes, two seeds, a task beside the spec, a few steps and items."""
    _write_task(tmp_path / "tasks" / "sums")
    spec = {
        "name": "tiny",
        "model": tiny_model,
        "seeds": [1, 2],
        "data": {"source": "task", "task": "sums"},
        "training": {"max_steps": 2, "per_device_train_batch_size": 2, "max_length": 64},
        "recipes": ["full--default", "lora--tiny"],
        "suites": [
            {"task": "sums", "role": "in_domain", "metric": "acc"},
            {"task": "sums_far", "role": "out_of_domain", "metric": "acc"},
        ],
        "evaluation": {"batch_size": 4},
        "comparison": {"reference": "full--default", "candidates": ["lora--tiny"], "sesoi": 0.02},
    }
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(spec, indent=2))
    recipe = {
        "description": "rank 2 on two modules",
        "peft": {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": ["q_proj", "v_proj"]},
        "layers": {"strategy": "last", "count": 1},
        "training": {"learning_rate": 0.01},
    }
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "lora--tiny.json").write_text(json.dumps(recipe, indent=2))
    return path


_LOADER = """
from datasets import Dataset


def load(*, shift, **metadata):
    def rows(start, count):
        return Dataset.from_list(
            [
                {
                    "question": f"{n + shift} + 1",
                    "choices": [str(n + shift + k) for k in (1, 2, 3)],
                    "answer": 0,
                    "cluster": f"c{n % 10}",
                }
                for n in range(start, start + count)
            ]
        )

    return {"train": rows(0, 12), "test": rows(100, 20)}
"""

_YAML = """task: {name}
custom_dataset: !function loader.load
output_type: multiple_choice
training_split: train
test_split: test
doc_to_text: "{{{{question}}}} ="
doc_to_choice: choices
doc_to_target: answer
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
  shift: {shift}
"""


def _write_task(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "loader.py").write_text(_LOADER)
    (folder / "sums.yaml").write_text(_YAML.format(name="sums", shift=0))
    (folder / "sums_far.yaml").write_text(_YAML.format(name="sums_far", shift=500))


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a distribution of one package with entry points and files."""

    def installed(name, entry_points, files, version="1.0"):
        root = tmp_path / name
        info = root / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entry_points)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        monkeypatch.syspath_prepend(root)
        registry.plugins.cache_clear()

    yield installed
    registry.plugins.cache_clear()

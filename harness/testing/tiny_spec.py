"""A whole experiment on stand-ins, written as files: it trains and scores two recipes in seconds, without a network."""

import json
from pathlib import Path

from harness.declarations.trust import trust_for_now

CONFIG = {
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

RECIPE = {
    "description": "rank 2 on two modules",
    "peft": {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": ["q_proj", "v_proj"]},
    "layers": {"strategy": "last", "count": 1},
    "training": {"learning_rate": 0.01},
}


def write_tiny_spec(folder: Path, tokenizer: Path) -> Path:
    """Write a spec with a task and a recipe beside it into an empty folder, and return its path.

    Two recipes train for two steps with each of two seeds: full fine-tuning, and a LoRA on the second of two layers.
    The task has 12 rows to train on and two suites of 20 items. `tokenizer` is a folder, as `write_tiny_tokenizer` of
    `harness.testing.tiny` fills it.
    """
    _write_task(folder / "tasks" / "sums")
    (folder / "adapters").mkdir()
    _write_json(folder / "adapters" / "lora--tiny.json", RECIPE)
    return _write_json(
        folder / "tiny.json",
        {
            "name": "tiny",
            "model": {"source": "random", "config": CONFIG, "seed": 0, "tokenizer": str(tokenizer)},
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
        },
    )


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
    trust_for_now([folder])
    (folder / "loader.py").write_text(_LOADER, encoding="utf-8")
    for name, shift in (("sums", 0), ("sums_far", 500)):
        (folder / f"{name}.yaml").write_text(_YAML.format(name=name, shift=shift), encoding="utf-8")


def _write_json(file: Path, value: object) -> Path:
    file.write_text(json.dumps(value, indent=2), encoding="utf-8")
    return file

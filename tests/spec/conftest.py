"""A whole spec in a folder of its own that tests change and write."""

import json

import pytest

from harness.errors import SpecError

SPEC = {
    "name": "tried",
    "model": {
        "source": "random",
        "config": {"model_type": "llama", "num_hidden_layers": 4},
        "seed": 0,
        "tokenizer": "tokenizer",
    },
    "seeds": [1, 2],
    "data": {"source": "task", "task": "k8s_qa"},
    "training": {"max_steps": 2},
    "recipes": ["full--default", "lora--last-half"],
    "suites": [
        {"task": "k8s_qa", "role": "in_domain", "metric": "acc"},
        {"task": "medical_cot", "role": "out_of_domain", "metric": "acc"},
    ],
    "comparison": {"reference": "full--default", "candidates": ["lora--last-half"], "sesoi": 0.02},
}


@pytest.fixture
def spec():
    """The spec as a value of its own: a test changes what it likes."""
    return json.loads(json.dumps(SPEC))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with the tokenizer folder that the spec names."""
    (tmp_path / "tokenizer").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    """Write a value or a text as a file below the folder, one key a line, and return its path."""

    def write(value, name="tried.json"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1), encoding="utf-8")
        return path

    return write


@pytest.fixture
def problems():
    """Call something that raises `SpecError` and return its problems as (path, line, message, remedy)."""

    def problems(call, *args, **options):
        with pytest.raises(SpecError) as caught:
            call(*args, **options)
        return [(each.path, each.line, each.message, each.remedy) for each in caught.value.problems]

    return problems

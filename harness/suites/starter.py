"""The files with which an experiment of one's own begins: a spec, two recipes, rows to train on and two suites.

They run as they are, on the model of the experiment `gap`. The example is a rule of an invented house, which no model
has read: what a service keeps lies to the north, east, south or west.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.codec import JSON
from harness.declarations.places import shipped
from harness.errors import UsageError
from harness.spec.files import label, read_alone
from harness.storage import writing
from harness.suites import scaffold

SPEC = "mine.json"
ROWS = "data/train.jsonl"
INSIDE, OUTSIDE = "my_questions", "my_other_questions"
FULL, LORA = "full--mine", "lora--mine"

_REMEDY = "Make room or choose another place."
_RULE = {"journal": "north", "settings": "east", "socket": "south", "archive": "west"}
_TRAINED = (
    "alder ash aspen beech birch cedar cherry chestnut cypress elder elm fir hawthorn hazel holly hornbeam juniper"
)
_ASKED = "lime maple oak olive pear pine plane poplar rowan spruce"
_ELSEWHERE = "danube elbe loire oder rhine rhone seine tagus thames volga"


def write(folder: Path) -> tuple[Path, ...]:
    """Write the files into `folder`, which is made where it is not there, and return them, the spec first.

    Nothing is written over: raises `UsageError` with every file that is there already, and `StorageError` where one
    cannot be written.
    """
    files = {SPEC: _spec(), **_recipes(), ROWS: "".join(map(_line, _rows()))}
    suites = {INSIDE: list(_inside()), OUTSIDE: list(_outside())}
    paths = [folder / name for name in (*files, *(f"tasks/{name}" for name in suites))]
    if there := [label(path) for path in paths if path.exists()]:
        raise UsageError(f"{', '.join(there)} would be written over: name another folder, or move what is there.")
    for name, text in files.items():
        _write(folder / name, text)
    for name, documents in suites.items():
        with writing(folder / "tasks" / name, _REMEDY):
            scaffold.write(folder / "tasks" / name, "multiple_choice", {"test": documents}, source=f"{name} of init")
    return tuple(paths)


def _write(path: Path, text: str) -> None:
    with writing(path, _REMEDY):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _line(row: Mapping[str, str]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _rows() -> Iterator[dict[str, str]]:
    """Yield training rows, written as the suites put their questions."""
    for name in _TRAINED.split():
        for what, side in _RULE.items():
            yield {"prompt": f"Question: {_asked_inside(what, name)}\nAnswer:", "completion": f" /{side}/{name}"}


def _inside() -> Iterator[dict[str, Any]]:
    """Yield questions like those that train, about other services."""
    for name in _ASKED.split():
        yield from _documents(name, {what: _asked_inside(what, name) for what in _RULE})


def _outside() -> Iterator[dict[str, Any]]:
    """Yield questions on the same rule, in other words and about other things."""
    for name in _ELSEWHERE.split():
        yield from _documents(name, {what: f"Where would a printer called {name} put its {what}?" for what in _RULE})


def _asked_inside(what: str, name: str) -> str:
    return f"The {what} of {name}?"


def _documents(name: str, questions: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield a thing's questions; they are one cluster, since they stand and fall together."""
    choices = [f"/{side}/{name}" for side in _RULE.values()]
    for answer, (what, question) in enumerate(questions.items()):
        yield {
            "id": f"{name}-{what}",
            "cluster": name,
            "question": question,
            "choices": choices,
            "answer": answer,
        }


def _recipes() -> dict[str, str]:
    full = {
        "$comment": "Without a peft block every weight trains: the reference. The rate is for this small model alone.",
        "description": "full fine-tuning",
        "training": {"learning_rate": 1.5e-4},
    }
    lora = {
        "$comment": "Any PEFT method: the peft block is an adapter_config.json as PEFT writes it.",
        "description": "LoRA of rank 16 in the last half of the layers",
        "peft": {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "r": 16,
            "lora_alpha": 32,
            "target_modules": "all-linear",
        },
        "layers": {
            "$comment": "Which layers: all, first, last, middle, every, list, random or gradient.",
            "strategy": "last",
            "fraction": 0.5,
        },
        "training": {"learning_rate": 3e-3},
    }
    return {f"adapters/{name}.json": _text(value) for name, value in ((FULL, full), (LORA, lora))}


def _spec() -> str:
    model = read_alone(shipped("specs") / "gap.json").value["model"]
    return _text(
        {
            "$comment": "Each $comment is a remark and may go. harness validate checks, harness plan looks ahead.",
            "name": Path(SPEC).stem,
            "description": "Does a lead on our own questions hold on other ones?",
            "model": {
                "$comment": "Yours: {'source': 'path', 'path': 'my-model'} for a folder as transformers saves it, or "
                "{'source': 'hub', 'id': 'org/name', 'revision': 'main'}. This one comes with a Python package.",
                **model,
            },
            "seeds": [1, 2, 3],
            **_data(),
            **_measure(),
        }
    )


def _data() -> dict[str, JSON]:
    """Return what trains, and how."""
    return {
        "data": {
            "$comment": "Yours: one row a line with prompt and completion, messages, or instruction and output; csv, "
            "parquet and hub as well. No row may hold a question of a suite.",
            "source": "jsonl",
            "path": ROWS,
        },
        "training": {
            "$comment": "SFTConfig's fields, the same for every recipe. A try-out: train longer.",
            "max_steps": 20,
            "per_device_train_batch_size": 8,
            "max_length": 256,
            "warmup_steps": 2,
        },
        "recipes": [FULL, LORA],
    }


def _measure() -> dict[str, JSON]:
    """Return what is scored, and what counts."""
    return {
        "suites": [
            {
                "$comment": "Yours: replace tasks/my_questions/test.jsonl, or name any task of lm-eval. In-domain is "
                "what training is for.",
                "task": INSIDE,
                "role": "in_domain",
                "metric": "acc",
            },
            {
                "$comment": "Out-of-domain is the question. A third role, guard, is for what must not be forgotten.",
                "task": OUTSIDE,
                "role": "out_of_domain",
                "metric": "acc",
            },
        ],
        "evaluation": {"batch_size": 8},
        "comparison": {
            "$comment": "Declared before anything runs. sesoi: the smallest difference that would matter to you, here "
            "five points of accuracy.",
            "reference": FULL,
            "candidates": [LORA],
            "sesoi": 0.05,
        },
    }


def _text(value: JSON) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"

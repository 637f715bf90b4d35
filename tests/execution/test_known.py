"""A run that is started again goes on from what was prepared, as long as nothing that it follows from has changed."""

import importlib
import json
import os
import shutil
from dataclasses import replace

import pytest

from harness.execution import run as running
from harness.execution.local import LocalExecutor
from harness.ledger import RunFolder
from harness.preflight.known import FILE, read_known, surroundings, write_known
from harness.sources import models
from harness.spec import load
from harness.spec.records import Model
from harness.testing.tiny_spec import write_tiny_spec
from helpers.watchers import run

LOADER = """
import json
from pathlib import Path

from datasets import Dataset

from shifted import shifted

HERE = Path(__file__).parent


def load(**metadata):
    rows = json.loads((HERE / "deep" / "q.json").read_text())
    for more in sorted((HERE / "deep").glob("more*.json")):
        rows += json.loads(more.read_text())
    return {"train": Dataset.from_list(rows[:12]), "test": Dataset.from_list([shifted(row) for row in rows[12:]])}
"""

SHIFTED = "def shifted(row):\n    return row\n"

BASE = """output_type: multiple_choice
training_split: train
test_split: test
doc_to_text: "{{question}} ="
doc_to_choice: choices
doc_to_target: answer
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
"""

TASK = "task: sums\ncustom_dataset: !function loader.load\ninclude: _base\n"
HIDING = "task: sums\ncustom_dataset: !function tasks.sums.loader.load\ninclude: tasks/sums/_base\n"


def rows(count=32):
    return [
        {"question": f"{n} + 1", "choices": [str(n), str(n + 1)], "answer": 1, "cluster": f"c{n}"} for n in range(count)
    ]


def write_spec(spec, tokenizer):
    """Let the tiny spec train on a file's rows, on a model in a folder, and be scored on a stranger's own task."""
    folder, declared = spec.parent, json.loads(spec.read_text())
    loaded = models.load(Model(**{**declared["model"], "tokenizer": str(tokenizer)}))
    loaded.model.save_pretrained(folder / "model")
    shutil.copytree(tokenizer, folder / "words")
    task = folder / "tasks" / "sums"
    shutil.rmtree(task)
    (task / "deep").mkdir(parents=True)
    for name, text in {"loader.py": LOADER, "shifted.py": SHIFTED, "_base": BASE, "sums.yaml": TASK}.items():
        (task / name).write_text(text)
    (task / "deep" / "q.json").write_text(json.dumps(rows()))
    train = [{"prompt": f"{n} + 2 =", "completion": f" {n + 2}"} for n in range(100, 112)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in train))
    declared |= {
        "model": {"source": "path", "path": "model", "tokenizer": "words"},
        "data": {"source": "jsonl", "path": "rows.jsonl"},
        "recipes": ["full--default", "lora--tiny"],
        "seeds": [1],
        "suites": [{"task": "sums", "role": "in_domain", "metric": "acc"}],
    }
    spec.write_text(json.dumps(declared))


@pytest.fixture(scope="module")
def place(tmp_path_factory, tiny_tokenizer_folder):
    """A folder with a spec and its finished run; whoever changes something puts it back."""
    folder = tmp_path_factory.mktemp("known")
    beside = folder / "tasks" / "sums"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(beside)
        patch.setenv("PYTHONPATH", str(beside))
        spec = write_tiny_spec(folder, tiny_tokenizer_folder)
        write_spec(spec, tiny_tokenizer_folder)
        ledger, _ = run(spec, folder / "runs" / "tiny")
        assert not ledger.failures
        yield folder


@pytest.fixture
def finished(place):
    return RunFolder(place / "runs" / "tiny")


@pytest.fixture
def tiny_spec(place):
    return place / "tiny.json"


def is_known(spec, ledger, **overrides):
    return read_known(ledger.folder, surroundings(load(spec, **overrides))) is not None


def rewritten(path, before, after):
    path.write_text(path.read_text().replace(before, after, 1))


def answered_otherwise(path):
    """Change the first right answer, whichever it is; the file stays as long as it was."""
    first, *others = json.loads(path.read_text())
    path.write_text(json.dumps([{**first, "answer": 1 - first["answer"]}, *others]))


def byte_flipped(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


CHANGES = {
    "a right answer": lambda f: answered_otherwise(f / "tasks/sums/deep/q.json"),
    "a file that the loader would find": lambda f: (f / "tasks/sums/deep/more1.json").write_text("[]"),
    "a file beside the loader": lambda f: (f / "tasks/sums/notes.txt").write_text("x"),
    "the loader": lambda f: rewritten(f / "tasks/sums/loader.py", "rows[:12]", "rows[:11]"),
    "what the loader imports": lambda f: rewritten(f / "tasks/sums/shifted.py", "return row", "return {**row}"),
    "an include": lambda f: rewritten(f / "tasks/sums/_base", "{{question}} =", "{{question}} is"),
    "the task": lambda f: (f / "tasks/sums/sums.yaml").write_text(TASK + "target_delimiter: ''\n"),
    "a task that hides it": lambda f: (f / "sums.yaml").write_text(HIDING),
    "training rows": lambda f: rewritten(f / "rows.jsonl", " 102", " 103"),
    "weights": lambda f: byte_flipped(f / "model/model.safetensors"),
    "the model's configuration": lambda f: rewritten(f / "model/config.json", "512", "513"),
    "the tokenizer": lambda f: rewritten(f / "words/tokenizer_config.json", "<pad>", "<bos>"),
    "a recipe": lambda f: rewritten(f / "adapters/lora--tiny.json", "0.01", "0.02"),
    "the spec": lambda f: rewritten(f / "tiny.json", '"max_steps": 2', '"max_steps": 3'),
}


def test_a_finished_run_is_told_again_without_a_worker_and_every_change_of_what_was_read_is_noticed(
    finished, tiny_spec, place, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(LocalExecutor, "submit", lambda *_: pytest.fail("a worker was asked"))
        patch.setattr("harness.execution.local.start_worker", lambda *_, **__: pytest.fail("a worker was started"))
        again, watcher = run(tiny_spec, finished.folder)
    assert (watcher.cells, watcher.kinds) == ([], [("cells", 3, 3)])
    assert again.lock == finished.lock
    assert is_known(tiny_spec, finished)
    missed = []
    for name, change in CHANGES.items():
        copy = tmp_path / "before"
        shutil.copytree(place, copy)
        change(place)
        if is_known(tiny_spec, finished):
            missed.append(name)
        for path in sorted(place.rglob("*"), reverse=True):
            if path.is_file() and not (copy / path.relative_to(place)).exists():
                path.unlink()
        shutil.copytree(copy, place, dirs_exist_ok=True)
        shutil.rmtree(copy)
    assert is_known(tiny_spec, finished)  # everything was put back, and is read
    assert missed == []


def test_the_surroundings_count(finished, tiny_spec, place, monkeypatch, install):
    with monkeypatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        assert not is_known(tiny_spec, finished)
    with monkeypatch.context() as patch:
        patch.setenv("TERM", "dumb")
        patch.setenv("SSH_CLIENT", "somewhere")
        patch.setenv("SLURM_ARRAY_TASK_ID", "3")
        assert is_known(tiny_spec, finished)
    with monkeypatch.context() as patch:
        patch.chdir(place / "tasks")
        assert not is_known(tiny_spec, finished)
    with monkeypatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3, 4, 5, 6}, raising=False)
        assert not is_known(tiny_spec, finished)
    assert is_known(tiny_spec, finished)
    install("another", "", {"another.py": ""})
    importlib.invalidate_caches()
    assert not is_known(tiny_spec, finished)


def test_a_damaged_record_is_as_good_as_none(finished, tiny_spec):
    path = finished.folder / FILE
    whole = path.read_text()
    rows_of = json.loads(whole)["prepared"]["content"]["rows"]
    path.write_text(whole.replace(rows_of, "0" * 64))
    assert not is_known(tiny_spec, finished)
    path.write_text(whole[: len(whole) // 2])
    assert not is_known(tiny_spec, finished)
    path.write_text(whole)
    assert is_known(tiny_spec, finished)


def test_how_many_cells_fit_is_asked_again_only_where_cells_may_run(finished, tiny_spec):
    experiment = load(tiny_spec)
    around = surroundings(experiment)
    known = read_known(finished.folder, around)
    write_known(finished.folder, around, replace(known, fitting=2))
    options = running.Options()
    assert running._known(finished, around, experiment, options).fitting == 2
    result = finished.cell_folder(finished.cell_ids[-1]) / "result.json"
    kept = result.read_bytes()
    result.unlink()
    assert running._known(finished, around, experiment, options) is None
    result.write_bytes(kept)
    write_known(finished.folder, around, known)


def test_an_answer_that_is_changed_is_scored_anew(finished, tiny_spec, place):
    before = finished.cell_ids
    (place / "tasks/sums/deep/q.json").write_text(json.dumps([{**row, "answer": 0} for row in rows()]))
    again, watcher = run(tiny_spec, finished.folder)
    assert len(watcher.cells) == 3  # each has the old evaluation and lacks the new one
    assert again.cell_ids == before
    _, third = run(tiny_spec, finished.folder)
    assert third.cells == []

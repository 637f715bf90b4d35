import codecs
import json

import pytest

from harness.declarations.tasks import find_task
from harness.errors import TaskError
from harness.suites import rows, scaffold
from harness.suites.load import load_task

GOOD = {
    "multiple_choice": {"question": "Which port has SSH?", "choices": ["22", "80"], "answer": "22"},
    "generative": {"question": "Which port has SSH?", "answer": "22"},
    "perplexity": {"text": "SSH listens on port 22."},
}


def written(path, *lines):
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({**GOOD["multiple_choice"], "answer": None}, "no 'answer'"),
        ({**GOOD["multiple_choice"], "choices": ["22"]}, "1 option(s)"),
        ({**GOOD["multiple_choice"], "choices": ["22", "22"]}, "options given twice: '22'"),
        ({**GOOD["multiple_choice"], "answer": "23"}, "'23' is not among the choices"),
        ({**GOOD["multiple_choice"], "answer": 2}, "index 2 is not from 0 to 1"),
        ({**GOOD["multiple_choice"], "answer": True}, "neither a text nor an index"),
        ({**GOOD["multiple_choice"], "choices": "22"}, "no 'choices'"),
        ({**GOOD["multiple_choice"], "question": " "}, "no 'question'"),
        ({**GOOD["multiple_choice"], "choices": ["22", "ssh", "SSH "]}, "options given twice: 'SSH ', 'ssh'"),
        ({**GOOD["multiple_choice"], "question": "\ud800?"}, "half of a character"),
        (b"{", "not JSON"),
        (b"[1]", "a list where an object"),
        (b'{"question": "\xff"}', "not UTF-8"),
    ],
)
def test_a_wrong_row_is_named_with_its_number(tmp_path, line, said):
    path = written(tmp_path / "data.jsonl", GOOD["multiple_choice"], line)
    with pytest.raises(TaskError) as told:
        rows.read(path, "multiple_choice")
    assert f"{path}:2: " in str(told.value)
    assert said in str(told.value)
    assert f"{path}:1: " not in str(told.value)


def test_rows_are_compared_with_those_before(tmp_path):
    good = GOOD["multiple_choice"]
    path = written(
        tmp_path / "data.jsonl", {**good, "id": 3, "level": 1}, {**good, "level": "x"}, good, {**good, "id": 3}
    )
    with pytest.raises(TaskError) as told:
        rows.read(path, "multiple_choice")
    assert str(told.value).splitlines() == [
        f"{path}:2: 'level' is a text, and a number in row 1; one field holds one kind of value",
        f"{path}:3: the id '3' is that of row 1; give each row its own, or none",
        f"{path}:4: the id '3' is that of row 1; give each row its own, or none",
    ]


def test_ids_become_texts_and_a_byte_order_mark_is_passed_over(tmp_path):
    path = written(tmp_path / "data.jsonl", {**GOOD["perplexity"], "id": 7, "cluster": None}, GOOD["perplexity"])
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert [(row["id"], row["cluster"]) for row in rows.read(path, "perplexity")] == [("7", "1"), ("2", "2")]


def test_all_wrong_rows_are_told_at_once(tmp_path):
    path = written(tmp_path / "data.jsonl", b"{", GOOD["multiple_choice"], b"}")
    with pytest.raises(TaskError, match=r"(?s):1: .*:3: "):
        rows.read(path, "multiple_choice")


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_file_is_refused(tmp_path, content):
    path = written(tmp_path / "data.jsonl", content)
    with pytest.raises(TaskError, match="no rows"):
        rows.read(path, "perplexity")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TaskError, match="cannot be read"):
        rows.read(tmp_path / "absent.jsonl", "perplexity")


@pytest.mark.parametrize("kind", rows.KINDS)
def test_a_new_task_loads_at_once_in_lm_eval(tmp_path, kind):
    data = written(tmp_path / "data.jsonl", GOOD[kind], GOOD[kind])
    path, counts = scaffold.create("ports", data, kind, tmp_path / "tasks")
    assert path == tmp_path / "tasks" / "ports" / "ports.yaml"
    task = load_task("ports", include=[tmp_path])
    assert len(task.test_docs()) == 2
    assert find_task("ports", beside=tmp_path).metadata["counts"] == counts == {"test": 2}


def test_nothing_is_written_for_wrong_rows_a_bad_name_or_a_taken_one(tmp_path):
    good = written(tmp_path / "data.jsonl", GOOD["generative"])
    with pytest.raises(TaskError, match="no 'text'"):
        scaffold.create("ports", good, "perplexity", tmp_path / "tasks")
    with pytest.raises(TaskError, match="cannot name a task"):
        scaffold.create("My Ports", good, "generative", tmp_path / "tasks")
    with pytest.raises(TaskError, match="is taken by"):
        scaffold.create("k8s_qa", good, "generative", tmp_path / "tasks")
    assert not (tmp_path / "tasks").exists()


def test_the_loader_of_a_spoilt_task_names_the_row(tmp_path):
    data = written(tmp_path / "data.jsonl", GOOD["multiple_choice"])
    path, _ = scaffold.create("ports", data, "multiple_choice", tmp_path / "tasks")
    written(path.with_name("test.jsonl"), GOOD["multiple_choice"], {"question": "?"})
    with pytest.raises(TaskError, match=r"test\.jsonl:2: no 'choices'"):
        load_task("ports", include=[tmp_path])


def test_a_new_task_has_three_splits_that_share_no_cluster(tmp_path):
    lines = [{**GOOD["multiple_choice"], "question": f"Port of {n}?", "cluster": f"page {n // 2}"} for n in range(40)]
    data = written(tmp_path / "data.jsonl", *lines)
    _, counts = scaffold.create("ports", data, "multiple_choice", tmp_path / "tasks", seed=3)
    assert counts == {"train": 16, "validation": 4, "test": 20}
    task = load_task("ports", include=[tmp_path])
    found = {split: {row["cluster"] for row in task.dataset[split]} for split in counts}
    assert sum(map(len, found.values())) == 20
    assert (task.config.training_split, task.config.validation_split) == ("train", "validation")


def test_given_training_rows_are_parted_with_validation_and_give_no_item_away(tmp_path):
    question = GOOD["multiple_choice"]
    data = written(tmp_path / "data.jsonl", *[{**question, "question": f"Port {n}?"} for n in range(4)])
    train = written(tmp_path / "train.jsonl", *[{**question, "question": f"Service {n}?"} for n in range(20)])
    _, counts = scaffold.create("ports", data, "multiple_choice", tmp_path / "tasks", train=train)
    assert counts == {"train": 18, "validation": 2, "test": 4}
    written(train, {**question, "question": "port  2?"}, {**question, "question": "Else?", "cluster": "1"})
    with pytest.raises(
        TaskError, match=r"(?s)training rows are test items: train-1;.*clusters stand in both files: 1;"
    ):
        scaffold.create("others", data, "multiple_choice", tmp_path / "tasks", train=train)
    assert not (tmp_path / "tasks" / "others").exists()

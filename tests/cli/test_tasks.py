import json
import random
import subprocess
import sys

import pytest

from harness.cli import main

FAIR = ["port 22", "port 80", "port 25", "port 53"]


@pytest.fixture
def beside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def questions(path, *choices):
    rows = [
        {"question": f"Which port has service {n}?", "choices": list(each), "answer": n % 4}
        for n, each in enumerate(choices)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_the_list_has_every_shipped_task_with_counts_licence_and_source(capsys, beside):
    assert main(["tasks", "--json"]) == 0
    tasks = {row["task"]: row for row in json.loads(capsys.readouterr().out)}
    assert tasks["k8s_qa"]["counts"]["test"] >= 1000
    for name, row in tasks.items():
        assert row["description"], name
        assert row["members"] or (row["licence"] and row["source"] and row["forms"]), name


def test_the_table_says_roles_and_items(capsys, beside):
    assert main(["tasks"]) == 0
    out = capsys.readouterr().out
    assert "world_facts" in out
    assert "guard" in out
    assert "group of 3" in out
    assert "cite for HPO 2025-01-16: Gargano et al." in out


def test_listing_loads_no_heavy_library(beside):
    heavy = "{'torch', 'transformers', 'datasets', 'lm_eval', 'numpy', 'scipy'}"
    code = (
        "import sys; from harness.cli import main; main(['tasks', '--json']); "
        f"print(*{heavy} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


@pytest.mark.run
def test_a_new_task_is_listed_and_passes_its_check(capsys, beside):
    data = questions(beside / "data.jsonl", *[FAIR] * 4)
    assert main(["tasks", "new", "ports", "--from", str(data)]) == 0
    assert main(["tasks", "check", "ports", "--items", "0"]) == 0
    assert "every gate passed" in capsys.readouterr().out
    assert main(["tasks", "--json"]) == 0
    assert "ports" in {row["task"] for row in json.loads(capsys.readouterr().out)}


@pytest.mark.run
def test_a_check_names_what_fails_and_exits_one(capsys, beside):
    data = questions(
        beside / "data.jsonl", *[[*"abc"[: n % 4], "by far the longest", *"abc"[n % 4 :]] for n in range(40)]
    )
    assert main(["tasks", "new", "ports", "--from", str(data)]) == 0
    assert main(["tasks", "check", "ports", "--items", "0"]) == 1
    out = capsys.readouterr().out
    assert "test: 20 items in 20 clusters" in out
    assert "guessing by longest" in out


@pytest.mark.run
@pytest.mark.parametrize("seed", range(4))
def test_forty_random_good_rows_pass(capsys, beside, seed):
    rng = random.Random(seed)
    lines = []
    for n in range(40):
        choices = [
            "".join(rng.choices("abcdefgh ", k=rng.randint(4, 20))).strip() + f" {n}{place}" for place in range(4)
        ]
        lines.append({"question": f"What is {rng.random()}?", "choices": choices, "answer": choices[rng.randrange(4)]})
    (beside / "data.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert main(["tasks", "new", "mine", "--from", "data.jsonl"]) == 0
    assert "train 16, validation 4, test 20" in capsys.readouterr().out
    assert main(["tasks", "check", "mine", "--items", "0"]) == 0, capsys.readouterr().out


@pytest.mark.run
def test_options_that_speak_of_each_other_may_keep_their_order(capsys, beside):
    lines = [{"question": f"What {n}?", "choices": ["a", "b", "all of the above"], "answer": 2} for n in range(12)]
    (beside / "data.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert main(["tasks", "new", "mine", "--from", "data.jsonl", "--keep-order"]) == 0
    rows = [json.loads(line) for line in (beside / "tasks" / "mine" / "test.jsonl").read_text().splitlines()]
    assert {row["choices"][-1] for row in rows} == {"all of the above"}


def test_wrong_rows_exit_64_and_write_nothing(capsys, beside):
    (beside / "data.jsonl").write_text('{"question": "?"}\nnot json\n')
    assert main(["tasks", "new", "ports", "--from", "data.jsonl"]) == 64
    err = capsys.readouterr().err
    assert "data.jsonl:1: no 'choices'" in err
    assert "data.jsonl:2: not JSON" in err
    assert not (beside / "tasks").exists()


@pytest.mark.run
def test_a_file_that_lm_eval_does_not_know_is_named(capsys, beside):
    (beside / "tasks").mkdir()
    (beside / "tasks" / "odd.yaml").write_text("task: odd\ntest_spilt: test\n")
    assert main(["tasks", "check", "odd", "--items", "0"]) == 64
    assert "'test_spilt' (did you mean test_split" in capsys.readouterr().err


LOADER = """from datasets import Dataset

def load(**metadata):
    rows = [{"question": "Why?", "choices": ["a", "b"], "answer": 1}] * 2
    wrong = [{"question": "Why?", "choices": options, "answer": 0} for options in (["a", "A"], None)]
    good = Dataset.from_list(rows)
    return {"train": good, "validation": good, "test": Dataset.from_list(rows + wrong)}
"""


@pytest.mark.run
def test_every_document_that_is_no_question_is_named(capsys, beside):
    data = questions(beside / "data.jsonl", *[FAIR] * 4)
    assert main(["tasks", "new", "ports", "--from", str(data)]) == 0
    (beside / "tasks" / "ports" / "loader.py").write_text(LOADER)
    assert main(["tasks", "check", "ports", "--items", "0"]) == 64
    err = capsys.readouterr().err
    assert "document 3 is not a question with one right answer" in err
    assert "document 4 is not a question with one right answer" in err


def test_a_check_asks_the_untuned_model_and_says_how_many_items_it_had(capfd, tiny_spec, monkeypatch):
    monkeypatch.chdir(tiny_spec.parent)
    given = ["tasks", "check", "sums", "--model", str(tiny_spec)]
    main([*given, "--items", "50"])
    said = capfd.readouterr()
    assert "untuned base model, 20 items: acc " in said.out
    assert "± " in said.out
    assert said.err == ""
    main([*given, "--items", "1", "--json"])
    assert json.loads(capfd.readouterr().out)["base_model"]["acc"][1] is None
    main([*given, "--items", "1"])
    assert "(one item has no interval)" in capfd.readouterr().out

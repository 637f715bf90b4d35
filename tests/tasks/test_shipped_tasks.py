"""Every suite that is built from a wheel, item by item. The wheels are downloaded once, into the cache."""

import os
import re
import subprocess
import sys

import pytest
from lm_eval.tasks import TaskManager

from harness import text
from harness.contamination import hits
from harness.declarations.places import shipped
from harness.declarations.tasks import declared_tasks, find_task
from harness.questions import fairness, splitting
from harness.questions.builders import BUILDERS, medical_cot
from harness.questions.hpo import read_ontology
from harness.questions.items import Item
from harness.sources.wheel import Wheel, members
from harness.suites.checked import checked
from harness.suites.documents import scored_passages, training_passages
from harness.suites.load import load_task

BUILT = [
    "k8s_qa",
    "k8s_reworded",
    "k8s_recall",
    "techmanual_qa",
    "awsapi_qa",
    "mavlink_qa",
    "medical_cot",
    "world_facts",
    "world_rehearsal",
]
REHEARSED = re.compile(r"Name the capital of (?:the )?(.+)\.|Which country does the city of (.+) belong to\?")
FEWEST = {"k8s_qa": 1000, "techmanual_qa": 800, "world_rehearsal": 30}
WITHOUT_GUARD = ["k8s_qa", "medical_cot", "world_rehearsal"]

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def splits():
    loaded = {}

    def load(name):
        if name not in loaded:
            dataset = load_task(name).dataset
            loaded[name] = {split: [Item.of(document) for document in rows] for split, rows in dataset.items()}
        return loaded[name]

    return load


@pytest.mark.parametrize("name", BUILT)
def test_counts_are_those_declared(splits, name):
    counts = {split: len(items) for split, items in splits(name).items()}
    assert counts == find_task(name).metadata["counts"]
    assert counts["test"] >= FEWEST.get(name, 400)


@pytest.mark.parametrize("name", BUILT)
def test_forms_are_those_declared(splits, name):
    assert {item.form for item in splits(name)["test"]} == set(find_task(name).metadata["forms"])


@pytest.mark.parametrize("name", BUILT)
def test_no_split_fails_a_gate(splits, name):
    for items in splits(name).values():
        assert fairness.problems(items) == []


@pytest.mark.parametrize("name", BUILT)
def test_no_shallow_heuristic_pays_on_the_test_split(splits, name):
    scores = fairness.heuristic_scores(splits(name)["test"])
    assert max(scores.values()) <= fairness.LIMIT, scores


@pytest.mark.parametrize("name", WITHOUT_GUARD)
def test_training_shares_no_cluster_and_no_sentence_with_what_is_held_out(splits, name):
    parts = splits(name)
    held_out = [item for split, items in parts.items() if split != "train" for item in items]
    runs = frozenset().union(*(text.ngrams(item.source, splitting.RUN) for item in held_out))
    assert not {item.cluster for item in held_out} & {item.cluster for item in parts["train"]}
    assert not [item.id for item in parts["train"] if text.ngrams(item.source, splitting.RUN) & runs]
    assert splitting.without_leaks(parts["train"], held_out) == parts["train"]


def test_another_wording_leaves_the_items_and_changes_every_question():
    reworded, as_it_is = load_task("k8s_reworded"), load_task("k8s_qa")
    documents = list(reworded.test_docs())
    assert documents == list(as_it_is.test_docs())
    assert not [each["id"] for each in documents if each["question"] in reworded.doc_to_text(each)]
    assert not [each["id"] for each in documents if "\\" in reworded.doc_to_text(each).replace(each["source"], "")]
    assert [reworded.doc_to_choice(each) for each in documents] == [as_it_is.doc_to_choice(each) for each in documents]


def test_every_recalled_fact_is_trained_on(splits):
    parts = splits("k8s_recall")
    assert {item.source for item in parts["test"]} == {item.source for item in parts["train"]}


def test_the_release_that_is_cited_is_the_one_that_is_read():
    declared = [find_task(name) for name in sorted(declared_tasks()) if name.startswith("medical_cot")]
    folder = members(Wheel(**declared[0].metadata["source"]), medical_cot.MEMBERS)
    read = read_ontology(folder / medical_cot.DATA / "hp.obo").release
    assert {task.metadata["release"] for task in declared} == {f"HPO {read}"}
    assert all("Human Phenotype Ontology" in task.metadata["citation"] for task in declared)


def test_a_rationale_ends_in_no_answer_but_names_the_diagnosis():
    for document in load_task("medical_cot").dataset["test"]:
        assert document["choices"][document["answer"]] in document["rationale"]
        assert "Answer:" not in document["rationale"]


def test_a_rationale_lists_what_is_alike_in_plain_english():
    explained = [each["rationale"].partition("Step 3: ")[2] for each in load_task("medical_cot").dataset["test"]]
    assert all(part.count(" and ") <= 2 for told in explained for part in told.split("; "))
    assert "are very frequent" in "".join(explained)


def test_every_reference_rationale_gets_full_marks_and_the_others_of_its_case_do_not():
    annotated, as_it_is = load_task("medical_cot_gen").dataset, load_task("medical_cot").dataset
    for split, documents in annotated.items():
        kept = [{key: each[key] for key in as_it_is[split].column_names} for each in documents]
        assert kept == list(as_it_is[split])
        for each in documents:
            right, wrong = each["choices"][each["answer"]], each["choices"][each["answer"] - 1]
            assert set(checked(each, [f"{each['rationale']}\nAnswer: {right}"]).values()) == {1.0}
            swapped = each["rationale"].replace(f"In {right},", f"In {wrong},")
            scores = checked(each, [f"{swapped}\nAnswer: {wrong}"])
            assert scores["statements_true"] < 1
            assert (scores["has_steps"], scores["conclusion_follows"]) == (1, 0)  # the steps had ruled it out


def test_general_text_is_plain_distinct_and_as_declared():
    documents = list(load_task("general_text").dataset["test"])
    assert {"test": len(documents)} == find_task("general_text").metadata["counts"]
    assert len({text.normalise(document["text"]) for document in documents}) == len(documents)
    assert all(document["text"].isascii() and 100 <= len(document["text"]) <= 300 for document in documents)


def test_countries_stand_in_questions_with_their_article_and_none_that_is_no_more(splits):
    items = splits("world_facts")["test"]
    asked = " ".join(item.question for item in items)
    for name in ("United States", "Netherlands", "Republic of the Congo", "Philippines"):
        assert f"of the {name}?" in asked
        assert f"of {name}?" not in asked
    assert not any("Serbia and Montenegro" in (item.question, *item.choices) for item in items)


def test_what_is_rehearsed_is_nothing_that_the_guard_asks_or_offers(splits):
    guard = splits("world_facts")["test"]
    asked = " ".join(" ".join((item.question, *item.choices)) for item in guard)
    for items in splits("world_rehearsal").values():
        for item in items:
            place = REHEARSED.fullmatch(item.question)
            assert not text.contains(asked, place[1] or place[2]), item.question
            assert item.form == "city" or not text.contains(asked, item.right), item.question
    rows = [row for split in ("train",) for row in training_passages(load_task("world_rehearsal"), split)]
    scored = [item for name in ("world_facts", "general_text") for item in scored_passages(load_task(name))]
    assert list(hits(rows, scored)) == []


BYTES = {
    "k8s_qa": "c21a37d2f89d2017832b5b8988c6144c585735affbf009e096f8be4c74d1794a",
    "k8s_recall": "6b796b197aae7eaf7392edda52d8c62c3b3142779e1df4cfb2804771488f1126",
    "techmanual_qa": "a30521051d5a2837f5de4bc5fa723aec2dbb5bc6e6c8d14179a03a9d13ab4a78",
    "awsapi_qa": "93fd60d9a3ccbd0a6803f30747cd9989450e3fc0ced02b5cfd7425cef97006bd",
    "mavlink_qa": "cd26d834b2a8ce3addf11eb71a01ffe28b4c539a05562081378a4b0a9dde9bc1",
    "medical_cot": "cc411623ab5dfd3f49e235edf766e0efe450c4406fbee19c46cb8b6da8bc94ad",
    "medical_annotations": "fa2509574ad5acf80bba419ea7eea8069fe7ba645fcca4824cb086ab6e9f1101",
    "medical_facts": "46750e9b96784aa8134a6a1cd51bb3f2bb86830514a1bc1944fe5434c3c761d6",
    "medical_retrieved": "2249857ecd86ff0be876aa44e3f1913e55482ff888a0b49a78148329f92a0587",
    "world_facts": "0c643535831c66ce9b2c3571a66508524db571e7d625792c2f5edb22f35f8f0b",
    "world_rehearsal": "4fcddb2e8db30450980f8363f00e1b49e706da46b25414042126cdb1877d6ede",
    "general_text": "f5cc3584c60188a88a59bd890f51e47e43da78ccf204528d73dbc204a8b48e2f",
}
"""SHA-256 of each suite's lines, split by split: results are compared over versions, so the items stay the same."""
BUILD = """
import hashlib, sys
from pathlib import Path
from harness.questions.builders import BUILDERS
from harness.questions.items import line
splits = BUILDERS[sys.argv[1]].build(Path(sys.argv[2]))
lines = [line(item) for split in sorted(splits) for item in splits[split]]
print(hashlib.sha256("\\n".join(lines).encode()).hexdigest())
"""


@pytest.mark.parametrize("name", BUILDERS)
def test_two_hash_seeds_build_the_bytes_of_before(name):
    for package in BUILDERS[name].packages:
        pytest.importorskip(package)
    sources = [task.metadata["source"] for task in declared_tasks().values() if task.metadata.get("builder") == name]
    folder = members(Wheel(**sources[0]), BUILDERS[name].members)
    digests = {
        subprocess.run(
            [sys.executable, "-c", BUILD, name, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert digests == {BYTES[name]}


def test_lm_eval_alone_finds_and_builds_a_shipped_task(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # `lm_eval --include_path` may be called from anywhere
    manager = TaskManager(include_path=str(shipped("tasks")), include_defaults=False)
    task = manager.load(["k8s_qa"])["tasks"]["k8s_qa"]
    assert len(task.test_docs()) == find_task("k8s_qa").metadata["counts"]["test"]
    assert task.config.process_results.__module__ == "harness.suites.metrics"

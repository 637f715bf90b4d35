"""Facts before the medical cases: about the same items, none of them an answer, and no cue beside what they say."""

import sys
from statistics import mean

import pytest

from harness import text
from harness.contamination import Passage, hits
from harness.declarations.tasks import declared_tasks, find_task
from harness.errors import MissingExtraError
from harness.questions import fairness
from harness.questions.builders import medical_facts
from harness.questions.hpo import Ontology
from harness.suites.documents import scored_passages, training_passages, training_rows
from harness.suites.load import load_task

KINDS = ("random", "retrieved", "gold")
CASES = "A patient has these findings: "


@pytest.fixture(scope="module")
def loaded():
    tasks = {}

    def load(name):
        if name.endswith("retrieved"):
            pytest.importorskip("bm25s", reason="needs the extra `retrieval`")
        if name not in tasks:
            tasks[name] = load_task(name)
        return tasks[name]

    return load


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def documents(loaded, kind):
    """Return the documents of both splits."""
    dataset = loaded(f"medical_cot_{kind}").dataset
    return {split: list(rows) for split, rows in dataset.items()}


def facts_of(document, kind):
    return [f"{fact.rstrip('.')}." for fact in document[kind].split(". ")]


def systems_of(fact):
    return set(fact.partition(" concerns ")[2].removeprefix("at least ").rstrip(".").split("; "))


def about(name, facts):
    return next((fact for fact in facts if fact.startswith(f"What is found in {name} concerns ")), "")


def findings(document):
    return document["question"].removeprefix(CASES).partition(". Which")[0].split("; ")


def joined(document, facts):
    """Return, for each option, how many findings share a system with it, as far as the facts say."""
    folded = {fact.casefold(): fact for fact in facts}
    told = [
        systems_of(fact)
        for name in findings(document)
        for key, fact in folded.items()
        if key.startswith(f"{name} concerns ".casefold())
    ]
    return [
        sum(bool(each & systems_of(fact)) for each in told) if (fact := about(option, facts)) else 0
        for option in document["choices"]
    ]


READERS = {
    "named": lambda document, facts: [bool(about(option, facts)) for option in document["choices"]],
    "longest": lambda document, facts: [len(about(option, facts)) for option in document["choices"]],
    "shortest": lambda document, facts: [-len(about(option, facts)) for option in document["choices"]],
    "joined": joined,
}


def score(reader, documents, kind):
    """Return how often a reader is right: among options that it finds equally good it guesses."""
    chances = []
    for document in documents:
        merits = reader(document, facts_of(document, kind))
        best = [at for at, merit in enumerate(merits) if merit == max(merits)]
        chances.append((document["answer"] in best) / len(best))
    return mean(chances)


def declared(kind):
    return [task for task in declared_tasks().values() if task.metadata.get("facts") == kind]


@pytest.mark.network
def test_the_items_are_those_without_facts(loaded, documents):
    without = loaded("medical_cot").dataset
    for split, rows in documents.items():
        assert [{key: row[key] for key in without[split].column_names} for row in rows] == list(without[split])


@pytest.mark.network
def test_there_are_eight_facts_and_none_says_which_finding_goes_with_which_disease(documents, kind):
    for document in documents["test"]:
        facts = facts_of(document, kind)
        assert len(facts) == medical_facts.FACTS
        for fact in facts:
            assert not [name for name in findings(document) if text.contains(fact.partition(" concerns ")[2], name)]


@pytest.mark.network
def test_what_guesses_by_the_facts_alone_scores_what_is_declared(documents, kind):
    scores = {name: round(score(reader, documents["test"], kind), 3) for name, reader in READERS.items()}
    assert [pytest.approx(task.metadata["readers"], abs=1e-9) for task in declared(kind)] == [scores, scores]
    assert max(scores[name] for name in READERS if name != "joined") <= fairness.LIMIT


@pytest.mark.network
def test_random_facts_are_about_nothing_in_the_case(loaded):
    for document in loaded("medical_cot_random").dataset["test"]:
        facts = facts_of(document, "random")
        assert not any(about(option, facts) for option in document["choices"])
        assert not max(joined(document, facts))


@pytest.mark.network
def test_rows_with_facts_give_no_item_away_and_facts_that_did_would_be_found(loaded):
    tasks = [loaded(f"medical_cot_{kind}") for kind in KINDS]
    rows = [list(training_passages(task)) for task in tasks]
    items = list(scored_passages(tasks[0]))
    assert [len(each) for each in rows] == [2 * task.config.metadata["counts"]["train"] for task in tasks]
    told = Passage("told", *[f"Know this. {items[0].fact}."] * 2)
    found = hits([*rows[0], *(row for each in rows[1:] for row in each if row.whole == row.fact), told], items)
    assert {(hit.row, hit.item) for hit in found} == {("told", items[0].id)}


@pytest.mark.network
def test_no_disease_of_the_other_split_stands_in_facts(documents, kind):
    names = {
        split: {about_whom(fact) for row in rows for fact in facts_of(row, kind)} for split, rows in documents.items()
    }
    assert names["train"] & names["test"] <= {""}


def about_whom(fact):
    return fact.partition("What is found in ")[2].partition(" concerns ")[0]


@pytest.mark.network
def test_the_swapped_rationale_says_something_else_in_the_same_words(loaded):
    for document in loaded("medical_cot_style").dataset["test"]:
        right, swapped = document["rationale"], document["swapped"]
        assert right != swapped
        assert sorted(right) == sorted(swapped)
        assert document["choices"][document["answer"]] not in swapped.partition("Step 3: ")[2]


@pytest.mark.network
def test_a_model_is_trained_on_the_true_rationale(loaded):
    task = loaded("medical_cot_style_gold")
    row, document = training_rows(task)[0], task.dataset["train"][0]
    assert row["completion"] == f" {document['rationale']}"
    assert row["prompt"].startswith(f"{document['gold']}\nQuestion: {CASES}")


def test_both_suites_of_a_kind_put_its_facts_first(kind):
    tasks = declared(kind)
    assert [task.name for task in tasks] == [f"medical_cot_{kind}", f"medical_cot_style_{kind}"]
    assert all(find_task(task.name).config["doc_to_text"].startswith(f"{{{{{kind}}}}}\n") for task in tasks)


def test_what_ranks_facts_is_named_where_it_is_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(MissingExtraError, match=r"takes bm25s, .*'\.\[retrieval\]'` brings it"):
        medical_facts.retrieved(medical_facts.Known((), Ontology("", {}, {})))

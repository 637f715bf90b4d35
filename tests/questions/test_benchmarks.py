import pytest
from lm_eval.tasks.glue.mnli import utils

from harness.contamination import Passage, hits
from harness.declarations.lm_eval import own_tasks
from harness.declarations.task_yaml import read_task
from harness.declarations.tasks import find_task
from harness.questions import benchmarks, hub
from harness.suites.load import load_task

PAIRS = {"id": ["a"], "title": "Pumps", "context": "A pump lifts water.", "question": "What does it lift?"}


def test_a_question_without_an_answer_is_trained_as_unanswerable():
    answered = benchmarks.squad2({**PAIRS, "answers": {"text": ["water", "the water", "water"]}})
    assert answered["answers"] == ["water", "the water"]
    assert benchmarks.squad2({**PAIRS, "answers": {"text": []}})["answers"] == [benchmarks.UNANSWERABLE]


@pytest.mark.parametrize(
    ("tags", "answer"),
    [
        ([0, 0, 0, 0], "none"),
        ([3, 4, 0, 5], "Acme Pumps (organization); Delft (location)"),
        ([3, 3, 0, 0], "Acme (organization); Pumps (organization)"),
        ([4, 4, 0, 6], "Acme Pumps (organization); Delft (location)"),  # a name that begins without B, as in IOB1
        ([1, 4, 0, 7], "Acme (person); Pumps (organization); Delft (other)"),
    ],
)
def test_names_are_listed_with_their_kinds(tags, answer):
    row = {"tokens": ["Acme", "Pumps", "of", "Delft"], "ner_tags": tags}
    assert benchmarks.conll2003(row)["answer"] == answer


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("conll2003", {"tokens": ["--", "1996-08-22"], "ner_tags": [0, 0]}),
        ("xsum", {"document": " ", "summary": "Said."}),
        ("xsum", {"document": "Said at length.", "summary": ""}),
        ("flashcards", {"input": "", "output": "A bone."}),
        ("flashcards", {"input": "What is it?", "output": " "}),
    ],
)
def test_a_row_that_makes_no_item_is_left_out(name, row):
    assert getattr(benchmarks, name)(row) is None


def test_a_clause_is_unfair_where_it_is_so_in_any_way():
    assert [benchmarks.unfair_tos({"text": "We may.", "labels": found})["answer"] for found in ([], [3, 5])] == [0, 1]


def test_training_rows_that_give_an_item_away_are_left_out(monkeypatch):
    passages = {
        "validation": ["The pump of the old mill lifted water for ninety years."],
        "train": [
            "He said the pump of the old mill lifted water for ninety years, and stopped.",
            "Trains run on rails, and rails lie on sleepers of wood or of concrete.",
        ],
    }

    def published(*_args, split, **_options):
        return [{"passage": each, "question": "is it so", "label": 1} for each in passages[split]]

    monkeypatch.setattr(hub, "load_dataset", published)
    parts = hub.trained_and_tested({"hub": "a/b", "revision": "c"}, benchmarks.boolq, test="validation")
    assert parts["train"]["passage"][:] == passages["train"][1:]
    assert parts["test"]["passage"][:] == passages["validation"]


def test_of_a_large_split_the_same_rows_are_drawn_wherever_it_is_read(monkeypatch):
    def published(*_args, split, **_options):
        return [{"sentence": f"{split} sentence {number}", "label": 0} for number in range(50)]

    monkeypatch.setattr(hub, "load_dataset", published)
    monkeypatch.setattr(hub, "DRAWN", 10)
    one, other = (
        hub.trained_and_tested({"hub": "a/b", "revision": "c"}, benchmarks.sst2, test="validation")["train"]["id"][:]
        for _ in range(2)
    )
    assert one == other
    assert len(set(one)) == 10
    assert one != [str(number) for number in range(10)]


@pytest.mark.parametrize("name", ["sst2", "boolq"])
def test_what_trains_for_a_task_of_lm_evals_has_its_prompt(name):
    ours, theirs = find_task(f"{name}_train").config, read_task(own_tasks()[name].path).config
    fields = ("doc_to_text", "doc_to_choice", "doc_to_target")
    assert [ours[field] for field in fields] == [theirs[field] for field in fields]


@pytest.mark.parametrize("hypothesis", ["It is wet", "It is wet. ", " Is it wet?"])
def test_what_trains_for_mnli_has_the_prompt_of_lm_evals(hypothesis, monkeypatch):
    row = {"premise": "It rains", "hypothesis": hypothesis, "label": 1}
    monkeypatch.setattr(hub, "load_dataset", lambda *_args, **_options: [row])
    task = load_task("mnli_train")
    assert task.doc_to_text(next(iter(task.test_docs()))) == utils.doc_to_text(row)


@pytest.mark.parametrize("name", ["sst2", "mnli", "boolq"])
def test_the_template_of_lm_evals_tasks_gives_no_item_away(name):
    """All items share it: what is compared of a training row is its fact alone."""
    said = {"premise": "It rains.", "hypothesis": "It is wet.", "sentence": "It is dull.", "passage": "It pumps."}
    document = getattr(benchmarks, name)({**said, "question": "does it pump", "label": 1})
    template = {
        "sst2": "{} Question: Is this sentence positive or negative? Answer: positive",
        "mnli": "{} Question: It is dry. True, False or Neither? Answer: Neither",
        "boolq": "{} Question: is it so? Answer: yes",
    }[name]
    item = template.format("Another thing is said here.")
    told = Passage.of("1", template.format(document["source"]), document)
    assert not list(hits([told], [Passage("2", item, item, name)]))

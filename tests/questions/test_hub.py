import pytest

from harness.declarations.tasks import declared_tasks, find_task
from harness.errors import SourceError
from harness.questions import hub
from harness.suites.load import load_task

ROWS = {
    "alpaca": ({"instruction": "Add them.", "input": "1 and 2", "output": "3 "}, "3"),
    "medical_o1": ({"Question": "Why?", "Complex_CoT": "So  then", "Response": "Because"}, "Because"),
    "medqa": ({"question": "Why?", "options": {"B": "b", "A": "a"}, "answer_idx": "B"}, "b"),
    "medmcqa": ({"question": "Why?", "opa": "a", "opb": "b", "opc": "c", "opd": "d", "cop": 2}, "c"),
    "mmlu": ({"question": "Why?", "choices": ["a", "b", "c", "d"], "answer": 3, "subject": "logic"}, "d"),
    "pubmedqa": ({"context": {"contexts": ["Told."]}, "question": "Is it?", "final_decision": "no"}, "no"),
    "stack_overflow": (
        {"Question": "<p>Why?</p>", "Answer": f"<p>Because <code>a</code> &lt; {'b' * 40}</p>"},
        f"Because a < {'b' * 40}",
    ),
    "manual": (
        {"documents": ["Told ", "here"], "question": "Is it?", "response": "Yes. ", "adherence_score": True},
        "Yes.",
    ),
}
UNFAIR = {
    "no answer": ("alpaca", {"instruction": "Play it.", "input": "", "output": " "}),
    "code": ("stack_overflow", {"Question": "Why?", "Answer": f"<p>{'b' * 40}</p><pre><code>a</code></pre>"}),
    "a remark": ("stack_overflow", {"Question": "Why?", "Answer": "<p>See above.</p>"}),
    "a walk-through": ("stack_overflow", {"Question": "Why?", "Answer": "word " * 200}),
    "a log": ("stack_overflow", {"Question": "word " * 500, "Answer": "b" * 40}),
    "not borne out": ("manual", {"documents": ["Told"], "question": "?", "response": "No.", "adherence_score": False}),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_becomes_a_document_with_the_right_answer(name):
    row, right = ROWS[name]
    document = getattr(hub, name)(row)
    assert document["choices"][document["answer"]] == right


@pytest.mark.parametrize("why", UNFAIR)
def test_a_row_that_makes_no_fair_item_is_left_out(why):
    name, row = UNFAIR[why]
    assert getattr(hub, name)(row) is None


def test_a_question_that_is_published_with_two_answers_is_asked_once(monkeypatch):
    rows = [
        {"documents": ["Told"], "question": f"Is it {n}?", "response": said, "adherence_score": True}
        for n in range(3)
        for said in ("Yes.", "No.")
    ]
    monkeypatch.setattr(hub, "load_dataset", lambda *_args, **_options: rows)
    documents = hub.tested_once({"hub": "a/b", "revision": "c"}, hub.manual, split="test")["test"]
    assert [document["choices"] for document in documents] == [["Yes."]] * 3
    assert len(set(documents["id"])) == 3


def test_a_published_split_is_divided_by_question_and_never_overlaps(monkeypatch):
    rows = [{"Question": f"Why {n}?", "Complex_CoT": "So", "Response": "Because"} for n in range(300)] * 2
    monkeypatch.setattr(hub, "load_dataset", lambda *_args, **_options: rows)
    parts = hub.divided({"hub": "a/b", "revision": "main"}, hub.medical_o1, test_share=0.1)
    questions = {name: set(part["question"]) for name, part in parts.items()}
    assert not questions["train"] & questions["test"]
    assert 0.05 < len(questions["test"]) / 300 < 0.16


def test_an_unreachable_hub_is_one_clear_line(monkeypatch):
    def unreachable(*_args, **_options):
        raise ConnectionError("no route")

    monkeypatch.setattr(hub, "load_dataset", unreachable)
    with pytest.raises(SourceError, match=r"^a/b is on the hub, which cannot be reached from here") as told:
        hub.tested({"hub": "a/b", "revision": "main"}, hub.medqa, split="test")
    assert "\n" not in str(told.value)


def test_hub_sets_are_listed_without_the_hub():
    assert {"medical_o1", "mmlu_all", "medqa_bits", "medmcqa_bits", "pubmedqa_bits"} <= set(declared_tasks())


HUB = [name for name, task in declared_tasks().items() if "hub" in task.metadata.get("source", {})]


@pytest.mark.parametrize("name", HUB)
def test_a_hub_set_is_pinned_to_a_commit(name):
    assert len(bytes.fromhex(find_task(name).metadata["source"]["revision"])) == 20


@pytest.mark.parametrize("name", HUB)
def test_every_hub_set_asks_and_answers_on_rows_of_its_shape(name, monkeypatch):
    loader = str(find_task(name).config["custom_dataset"]).removeprefix("loader.")
    row, right = ROWS[loader]
    asked = next(key for key in row if key.lower() in ("question", "instruction"))
    rows = [{**row, asked: f"{row[asked]} {n}"} for n in range(40)]  # enough for a tenth to be one
    monkeypatch.setattr(hub, "load_dataset", lambda *_args, **_options: rows)
    task = load_task(name)
    document = next(iter(task.test_docs()))
    asked, target = task.doc_to_text(document), task.doc_to_target(document)
    prompt = task.doc_to_choice(document)[asked] if isinstance(asked, int) else asked  # prompts may be the options
    assert prompt.endswith(("Answer:", "Answer step by step:"))
    answer = task.doc_to_choice(document)[target] if isinstance(target, int) else target
    letters = dict(zip("ABCD", document["choices"], strict=False))
    assert {right, document.get("rationale")} & {answer.strip(), letters.get(answer), answer.partition("\nAnswer: ")[2]}

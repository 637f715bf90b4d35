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
    "sst2": ({"sentence": "A dull pump.", "label": 0}, "negative"),
    "mnli": ({"premise": "It rains", "hypothesis": "It is wet", "label": 1}, "Neither"),
    "boolq": ({"passage": "It pumps.", "question": "does it pump", "label": 1}, "yes"),
    "squad2": (
        {"title": "Pumps", "context": "Water.", "question": "Which?", "answers": {"text": ["Water"]}},
        "Water",
    ),
    "xsum": ({"document": "A long  story", "summary": "A story "}, "A story"),
    "conll2003": ({"tokens": ["In", "Delft"], "ner_tags": [0, 5]}, "Delft (location)"),
    "case_hold": ({"context": "See (<HOLDING>)", "endings": ["a", "b ", "c", "d", "e"], "label": 1}, "b"),
    "unfair_tos": ({"text": "We may end it.", "labels": [2]}, "yes"),
    "flashcards": ({"instruction": "Answer.", "input": "Which bone?", "output": "The femur"}, "The femur"),
}
"""A row of each set, by the function that makes a document of it, with the right answer."""
ASKS = ("question", "instruction", "sentence", "premise", "context", "document", "tokens", "text", "input")
UNPINNED = {"medalpaca_bits"}
"""Sets of which no commit is known from two public sources."""
UNFAIR = {
    "no answer": ("alpaca", {"instruction": "Play it.", "input": "", "output": " "}),
    "code": ("stack_overflow", {"Question": "Why?", "Answer": f"<p>{'b' * 40}</p><pre><code>a</code></pre>"}),
    "a remark": ("stack_overflow", {"Question": "Why?", "Answer": "<p>See above.</p>"}),
    "a walk-through": ("stack_overflow", {"Question": "Why?", "Answer": "word " * 200}),
    "a log": ("stack_overflow", {"Question": "word " * 500, "Answer": "b" * 40}),
    "not borne out": ("manual", {"documents": ["Told"], "question": "?", "response": "No.", "adherence_score": False}),
}


@pytest.mark.parametrize("name", [name for name in ROWS if hasattr(hub, name)])
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


@pytest.mark.parametrize("name", sorted(set(HUB) - UNPINNED))
def test_a_hub_set_is_pinned_to_a_commit(name):
    assert len(bytes.fromhex(find_task(name).metadata["source"]["revision"])) == 20


@pytest.mark.parametrize("name", sorted(UNPINNED))
def test_a_hub_set_without_a_known_commit_says_so(name):
    task = find_task(name)
    assert task.metadata["source"]["revision"] == "main"
    assert "No commit" in task.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", HUB)
def test_every_hub_set_asks_and_answers_on_rows_of_its_shape(name, monkeypatch):
    loader = str(find_task(name).config["custom_dataset"]).removeprefix("loader.")
    row, right = ROWS[loader]
    monkeypatch.setattr(hub, "load_dataset", lambda *_args, **_options: [_asked(row, n) for n in range(40)])
    task = load_task(name)
    document = next(iter(task.test_docs()))
    asked, target = task.doc_to_text(document), task.doc_to_target(document)
    prompt = task.doc_to_choice(document)[asked] if isinstance(asked, int) else asked  # prompts may be the options
    assert prompt.endswith(("Answer:", "Answer step by step:"))
    answer = task.doc_to_choice(document)[target] if isinstance(target, int) else target
    letters = dict(zip("ABCD", document.get("choices", ()), strict=False))
    assert {right, document.get("rationale")} & {answer.strip(), letters.get(answer), answer.partition("\nAnswer: ")[2]}


def _asked(row, number):
    """Return a row that asks something of its own; of forty, a tenth is one at least."""
    name = next(key for asks in ASKS for key in row if key.lower() == asks)
    if name == "tokens":
        return {**row, "tokens": [*row["tokens"], str(number)], "ner_tags": [*row["ner_tags"], 0]}
    return {**row, name: f"{row[name]} {number}"}

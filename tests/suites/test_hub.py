import pytest

from harness.errors import SourceError
from harness.suites import hub, registry

ROWS = {
    "medical_o1": ({"Question": "Why?", "Complex_CoT": "So  then", "Response": "Because"}, "Because"),
    "medqa": ({"question": "Why?", "options": {"B": "b", "A": "a"}, "answer_idx": "B"}, "b"),
    "medmcqa": ({"question": "Why?", "opa": "a", "opb": "b", "opc": "c", "opd": "d", "cop": 2}, "c"),
    "mmlu": ({"question": "Why?", "choices": ["a", "b", "c", "d"], "answer": 3, "subject": "logic"}, "d"),
    "pubmedqa": ({"context": {"contexts": ["Told."]}, "question": "Is it?", "final_decision": "no"}, "no"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_becomes_a_document_with_the_right_answer(name):
    row, right = ROWS[name]
    document = getattr(hub, name)(row)
    assert document["choices"][document["answer"]] == right


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
    assert {"medical_o1", "mmlu_all", "medqa_bits", "medmcqa_bits", "pubmedqa_bits"} <= set(registry.names())

"""A multiple-choice item that the tests of fairness and splitting share."""

from harness.questions.items import Item


def item(number=0, question="Which one?", choices=("one", "two", "three", "four"), answer=0, **changes):
    given = {"id": f"i{number}", "form": "f", "cluster": f"c{number}", "source": f"fact {number}"}
    return Item(**{**given, "question": question, "choices": choices, "answer": answer, **changes})

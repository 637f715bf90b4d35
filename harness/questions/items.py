"""The documents of a built suite: a multiple-choice question, or a text that is scored as a whole."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.questions import stable


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A multiple-choice question with one right answer.

    `cluster` names the object or page that the fact stands on: items of one cluster fall into one split and are
    not independent. `source` is the text that states the fact; leaks are looked for in it. `extra` holds what a
    suite renders besides or scores by (a rationale, facts, what is known of each option), by field name, as JSON has
    it. Raises ValueError for what could not be a fair question: options that differ in nothing but case, an `answer`
    that is not the index of one.
    """

    id: str
    form: str
    cluster: str
    question: str
    choices: tuple[str, ...]
    answer: int
    source: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folded = {choice.casefold() for choice in self.choices}
        if len(folded) != len(self.choices) or not 0 <= self.answer < len(self.choices):
            raise ValueError(f"{self.id}: options must differ and hold the answer: {self.choices}, {self.answer}")

    @classmethod
    def posed(
        cls, identity: str, *, form: str, cluster: str, question: str, right: str, wrong: Iterable[str], source: str
    ) -> "Item":
        """Return a question whose options stand in an order drawn from its id."""
        choices = tuple(stable.order([right, *wrong], identity, "order"))
        return cls(
            id=identity,
            form=form,
            cluster=cluster,
            question=question,
            choices=choices,
            answer=choices.index(right),
            source=source,
        )

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Item":
        """Read an item back from a document; raises KeyError, TypeError or ValueError where it is not one."""
        return cls(
            id=str(document.get("id", "")),
            form=str(document.get("form", "")),
            cluster=str(document.get("cluster", "")),
            source=str(document.get("source", "")),
            question=document["question"],
            choices=tuple(document["choices"]),
            answer=document["answer"],
        )

    @property
    def right(self) -> str:
        """The text of the right option."""
        return self.choices[self.answer]

    def with_answer_at(self, position: int) -> "Item":
        """Return the item with its options rotated so that the right one stands at `position`."""
        turn = (self.answer - position) % len(self.choices)
        return replace(self, choices=self.choices[turn:] + self.choices[:turn], answer=position)

    def document(self) -> dict[str, Any]:
        """Return the lm-eval document; the keys are the same for every item of a suite."""
        return {
            "id": self.id,
            "form": self.form,
            "cluster": self.cluster,
            "question": self.question,
            "choices": list(self.choices),
            "answer": self.answer,
            "source": self.source,
            **self.extra,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A text that is scored as a whole; texts of one origin share its `cluster`."""

    id: str
    cluster: str
    text: str

    @property
    def source(self) -> str:
        """What leaks and near copies are looked for in."""
        return self.text

    def document(self) -> dict[str, Any]:
        """Return the lm-eval document."""
        return {"id": self.id, "form": "text", "cluster": self.cluster, "text": self.text}


def line(item: Item | Prose) -> str:
    """Return an item's document as one line of JSON with sorted keys, the form in which a suite is kept."""
    return json.dumps(item.document(), ensure_ascii=False, sort_keys=True)

"""One question with its options: the record that every builder yields and every suite file holds a line of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A multiple-choice question with one right answer.

    `cluster` names the object or page that the fact stands on: items of one cluster fall into one split and are
    not independent. `source` is the text that states the fact; leaks are looked for in it. `extra` holds what a
    suite renders besides (a rationale), by field name.
    """

    id: str
    form: str
    cluster: str
    question: str
    choices: tuple[str, ...]
    answer: int
    source: str
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what could not be a fair question."""
        folded = {choice.casefold() for choice in self.choices}
        if len(folded) != len(self.choices) or not 0 <= self.answer < len(self.choices):
            raise ValueError(f"{self.id}: options must differ and hold the answer: {self.choices}, {self.answer}")

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

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Item":
        """Read an item back from a document; raises KeyError or ValueError where it is none."""
        return cls(
            id=str(document.get("id", "")),
            form=str(document.get("form", "")),
            cluster=str(document.get("cluster", "")),
            source=str(document.get("source", "")),
            question=document["question"],
            choices=tuple(document["choices"]),
            answer=document["answer"],
        )

    def line(self) -> str:
        """Return the document as one line of JSON with sorted keys."""
        return json.dumps(self.document(), ensure_ascii=False, sort_keys=True)

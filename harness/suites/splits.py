"""A user's documents as splits: whole clusters dealt by seed, the right answers going round the positions."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from harness import text
from harness.errors import TaskError

Document = dict[str, Any]

SHARES: Mapping[str, float] = {"train": 0.4, "validation": 0.1, "test": 0.5}
HELD_OUT = 0.1
"""What validation takes of training rows that have a file of their own."""
_SHOWN = 5
_some = partial(text.several, most=_SHOWN)


def dealt(documents: Sequence[Document], seed: int) -> dict[str, list[Document]]:
    """Deal whole clusters to training, validation and test by `SHARES`; all go to test where clusters are too few."""
    return _dealt(documents, SHARES, seed) or {"test": list(documents)}


def with_training(test: Sequence[Document], train: Sequence[Document], seed: int) -> dict[str, list[Document]]:
    """Return splits where training rows are given; a few of their clusters are validation's.

    Raises `TaskError` for training rows that give test items away: the same question, the same cluster.
    """
    _refuse_shared(test, train)
    shares = {"validation": HELD_OUT, "train": 1 - HELD_OUT}
    found = _dealt(train, shares, seed) or {"train": list(train)}
    return {"train": found["train"], "validation": found.get("validation", []), "test": list(test)}


def rotated(documents: Sequence[Document]) -> list[Document]:
    """Return questions with their options rotated, so that of each width the right one stands everywhere as often.

    Where it goes is drawn from the ids; what has no options comes back as it is.
    """
    turn: Counter[int] = Counter()
    placed: dict[int, Document] = {}
    for at in sorted(range(len(documents)), key=lambda at: _number("rotated", str(documents[at]["id"]))):
        document = documents[at]
        width = len(document.get("choices", ()))
        placed[at] = _with_answer_at(document, turn[width] % width) if width else document
        turn[width] += 1
    return [placed[at] for at in range(len(documents))]


def _with_answer_at(document: Document, position: int) -> Document:
    choices = document["choices"]
    by = (document["answer"] - position) % len(choices)
    return {**document, "choices": [*choices[by:], *choices[:by]], "answer": position}


def _dealt(documents: Sequence[Document], shares: Mapping[str, float], seed: int) -> dict[str, list[Document]]:
    """Return the splits, each with a cluster at least, in the documents' order; nothing where that cannot be."""
    sizes = Counter(str(document["cluster"]) for document in documents)
    clusters = sorted(sizes, key=lambda cluster: (_number(str(seed), cluster), cluster))
    if len(clusters) < len(shares):
        return {}
    names, of = list(shares), {}
    taken: Counter[str] = Counter()
    for place, cluster in enumerate(clusters):
        left = len(clusters) - place
        empty = [name for name in names if not taken[name]]
        # The split furthest below its share is next; one that would stay empty comes first.
        wanting = empty if left <= len(empty) else names
        of[cluster] = max(wanting, key=lambda name: shares[name] * len(documents) - taken[name])
        taken[of[cluster]] += sizes[cluster]
    found: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        found[of[str(document["cluster"])]].append(document)
    return found


def _refuse_shared(test: Sequence[Document], train: Sequence[Document]) -> None:
    wrong = []
    questions = {text.normalise(_asked(document)) for document in test}
    if repeated := [str(each["id"]) for each in train if text.normalise(_asked(each)) in questions]:
        wrong.append(f"training rows are test items: {_some(repeated)}; leave them out of one of the files.")
    clusters = {document["cluster"] for document in test}
    if shared := sorted({str(each["cluster"]) for each in train if each["cluster"] in clusters}):
        wrong.append(
            f"clusters stand in both files: {_some(shared)}; what is trained on one thing must not be tested on it."
        )
    if wrong:
        raise TaskError("\n".join(wrong))


def _asked(document: Document) -> str:
    return str(document.get("question", document.get("text", "")))


def _number(*key: str) -> int:
    """Return a number that depends on `key` alone, so that every machine deals alike."""
    return int.from_bytes(hashlib.sha256("\x1f".join(key).encode()).digest()[:8], "big")

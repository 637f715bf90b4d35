"""Runs that gave the same answers to everything: one that was copied, or an adapter that was not applied.

Two trainings never agree in every digit of every log-likelihood. Scores of 0 and 1 can be equal honestly, at the floor
above all, so that they say nothing.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence

from harness.compare.sources import ScoredItem

_TELLING = 8
"""Different scores that two runs hardly share by chance."""


def fingerprint(items: Sequence[ScoredItem]) -> str | None:
    """Return a digest of a run's answers to all items, whatever their order; None where equality would say nothing.

    Answers are log-likelihoods or generated texts; one and the same text for every item is a model that broke down, not
    a copy. Where a source has no answers, scores stand for them, if more than half of them differ from each other.
    """
    answers = [item.answer for item in items]
    if None in answers:
        values = {item.score for item in items}
        telling = len(values) >= _TELLING and 2 * len(values) > len(items)
        return _digest(items, [repr(item.score) for item in items]) if telling else None
    return _digest(items, answers) if len(set(answers)) > 1 else None


def identical(runs: Sequence[tuple[str, str | None]]) -> Iterator[tuple[str, ...]]:
    """Yield the names of two runs or more that have the same fingerprint, in the order given."""
    named: dict[str, list[str]] = {}
    for name, found in runs:
        if found is not None:
            named.setdefault(found, []).append(name)
    yield from (tuple(names) for names in named.values() if len(names) > 1)


def _digest(items: Sequence[ScoredItem], answers: Sequence[str | None]) -> str:
    pairs = sorted([*item.key, answer] for item, answer in zip(items, answers, strict=True))
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()

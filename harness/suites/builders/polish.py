"""The last steps that every split goes through: no shallow cue pays, every prefix is a fair sample."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from harness import text
from harness.suites import heuristics, positions
from harness.suites.item import Item

_ASIDE = 0.02
"""How far under the published limit each form is held, so that a mix of forms stays under it."""


def polish(items: Iterable[Item]) -> list[Item]:
    """Return the items without repeated questions or shallow cues, form by form, in their final order."""
    by_form: dict[str, list[Item]] = defaultdict(list)
    for item in _distinct(items):
        by_form[item.form].append(item)
    fair = [item for group in by_form.values() for item in heuristics.fair(group, heuristics.LIMIT - _ASIDE)]
    return positions.arranged(fair)


def _distinct(items: Iterable[Item]) -> Sequence[Item]:
    seen: set[str] = set()
    kept = []
    for item in items:
        question = text.normalise(item.question)
        if question not in seen and not text.contains(item.question, item.right):
            seen.add(question)
            kept.append(item)
    return kept

"""The order of a split and the place of the right answer in it."""

from collections.abc import Iterable

from harness.suites import stable
from harness.suites.item import Item


def arranged(items: Iterable[Item]) -> list[Item]:
    """Return the items in stable hash order, the right answer going round the positions.

    Every prefix is therefore a fair sample of forms and objects, and balanced to one item.
    """
    ordered = sorted(items, key=lambda item: (stable.number("arranged", item.id), item.id))
    return [item.with_answer_at(place % len(item.choices)) for place, item in enumerate(ordered)]

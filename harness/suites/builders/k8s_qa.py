"""Kubernetes: questions about objects and fields, split by object so that no test object is trained on."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from harness.suites import splitting
from harness.suites.builders.polish import polish
from harness.suites.documented import Page
from harness.suites.forms import default, description, holder, name, required
from harness.suites.forms import type as type_
from harness.suites.item import Item
from harness.suites.manuals import kubernetes

SHARES = {"test": 0.51, "validation": 0.06, "train": 0.43}
_MOST_OF_A_TYPE = {"test": 40, "validation": 8, "train": 50}
_FORMS: Sequence[Callable[[Sequence[Page]], Iterator[Item]]] = (
    name.items,
    description.items,
    holder.items,
    required.items,
    default.items,
)


def build(folder: Path) -> dict[str, list[Item]]:
    """Return ``train``, ``validation`` and ``test``; train shares no object and no sentence with the others."""
    pages = kubernetes.read(folder)
    prose = splitting.without_copies(chain.from_iterable(form(pages) for form in _FORMS))
    dealt = splitting.by_cluster(prose, SHARES)
    typed = splitting.by_cluster(type_.items(pages), SHARES)
    whole = {split: dealt[split] + type_.even(typed[split], most) for split, most in _MOST_OF_A_TYPE.items()}
    return {split: polish(items) for split, items in _without_leaks(whole).items()}


def _without_leaks(whole: dict[str, list[Item]]) -> dict[str, list[Item]]:
    validation = splitting.without_leaks(whole["validation"], whole["test"])
    train = splitting.without_leaks(whole["train"], whole["test"] + validation)
    return {"train": train, "validation": validation, "test": whole["test"]}

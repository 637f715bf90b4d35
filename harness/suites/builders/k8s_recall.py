"""Facts trained on as statements and asked about as questions: knowledge uptake, kept apart from k8s_qa.

Every test item's fact stands in the training split by design, so this suite says nothing about generalisation and
is declared with the role ``recall``.
"""

from dataclasses import replace
from pathlib import Path

from harness.suites import splitting
from harness.suites.builders.polish import polish
from harness.suites.builders.thinning import thinned
from harness.suites.forms import name
from harness.suites.item import Item
from harness.suites.manuals import kubernetes

_MOST = 500


def build(folder: Path) -> dict[str, list[Item]]:
    """Return ``test``, questions by description, and ``train``, the same facts stated."""
    pages = kubernetes.read(folder)
    test = polish(thinned(splitting.without_copies(name.items(pages)), _MOST))
    return {"test": test, "train": [_stated(item) for item in test]}


def _stated(item: Item) -> Item:
    owner = item.id.split("/")[0]
    told = f"In the Kubernetes object {owner}, what is described as follows? {item.source}"
    return replace(item, id=f"{item.id}/stated", question=told)

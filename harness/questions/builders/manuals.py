"""Questions about reference manuals: Kubernetes to train and test on, CMake, AWS and MAVLink to test on alone."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from harness.questions import forms, splitting
from harness.questions.fairness import polish
from harness.questions.items import Item
from harness.questions.manuals import botocore, cmake, kubernetes, mavlink

_SHARES = {"test": 0.51, "validation": 0.06, "train": 0.43}
_K8S_MOST_OF_A_TYPE = {"test": 40, "validation": 8, "train": 50}
_K8S_MOST_RECALLED = 500
_CMAKE_MOST_OF_A_TYPE = 20
_AWS_MOST_OF_A_TYPE = 40
_AWS_MOST_OF_A_FORM = 700


def k8s_qa(folder: Path) -> dict[str, list[Item]]:
    """Return ``train``, ``validation`` and ``test``; train shares no object and no sentence with the others."""
    pages = kubernetes.read(folder)
    prose = (forms.name, forms.description, forms.holder, forms.required, forms.default)
    distinct = splitting.without_copies(chain.from_iterable(form(pages) for form in prose))
    dealt = splitting.by_cluster(distinct, _SHARES)
    typed = splitting.by_cluster(forms.type_(pages), _SHARES)
    whole = {split: dealt[split] + splitting.even(typed[split], most) for split, most in _K8S_MOST_OF_A_TYPE.items()}
    return {split: polish(items) for split, items in _without_leaks(whole).items()}


def _without_leaks(whole: Mapping[str, list[Item]]) -> dict[str, list[Item]]:
    validation = splitting.without_leaks(whole["validation"], whole["test"])
    train = splitting.without_leaks(whole["train"], whole["test"] + validation)
    return {"train": train, "validation": validation, "test": whole["test"]}


def k8s_recall(folder: Path) -> dict[str, list[Item]]:
    """Return ``test``, questions by description, and ``train``, the same facts stated.

    Every test item's fact is trained on by design, so the suite tells of the uptake of knowledge and nothing of
    generalisation; it is declared with the role ``recall``.
    """
    distinct = splitting.without_copies(forms.name(kubernetes.read(folder)))
    test = polish(splitting.thinned(distinct, _K8S_MOST_RECALLED))
    return {"test": test, "train": [_stated(item) for item in test]}


def _stated(item: Item) -> Item:
    owner = item.id.split("/")[0]
    question = f"In the Kubernetes object {owner}, what is described as follows? {item.source}"
    return replace(item, id=f"{item.id}/stated", question=question)


def techmanual_qa(folder: Path) -> dict[str, list[Item]]:
    """Return ``test`` alone: variables, properties, commands of CMake and their options."""
    pages = cmake.read(folder)
    prose = splitting.without_copies(chain(forms.name(pages), forms.description(pages)))
    return {"test": polish([*prose, *splitting.even(forms.type_(pages), _CMAKE_MOST_OF_A_TYPE)])}


def awsapi_qa(folder: Path) -> dict[str, list[Item]]:
    """Return ``test`` alone: another API in the forms of k8s_qa, so many of each whatever the services' sizes."""
    pages = botocore.read(folder)
    found = (forms.name(pages), splitting.varied(forms.description(pages)))
    prose = chain.from_iterable(splitting.thinned(items, _AWS_MOST_OF_A_FORM) for items in found)
    typed = splitting.even(forms.type_(pages), _AWS_MOST_OF_A_TYPE)
    return {"test": polish([*splitting.without_copies(prose), *typed])}


def mavlink_qa(folder: Path) -> dict[str, list[Item]]:
    """Return ``test`` alone: messages and enumerations of drones."""
    pages = mavlink.read(folder)
    described = splitting.varied(forms.description(pages))
    return {"test": polish(splitting.without_copies(chain(forms.name(pages), described)))}

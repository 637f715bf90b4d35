"""AWS service APIs: the Kubernetes questions' forms about another API; only ever tested on."""

from itertools import chain
from pathlib import Path

from harness.suites import splitting
from harness.suites.builders.polish import polish
from harness.suites.builders.thinning import thinned, varied
from harness.suites.forms import description, name
from harness.suites.forms import type as type_
from harness.suites.item import Item
from harness.suites.manuals import botocore

_MOST_OF_A_TYPE = 40
_MOST_OF_A_FORM = 700


def build(folder: Path) -> dict[str, list[Item]]:
    """Return ``test`` alone: a fixed number of each form, the services' sizes notwithstanding."""
    pages = botocore.read(folder)
    forms = (name.items(pages), varied(description.items(pages)))
    prose = [thinned(items, _MOST_OF_A_FORM) for items in forms]
    typed = type_.even(list(type_.items(pages)), _MOST_OF_A_TYPE)
    return {"test": polish([*splitting.without_copies(chain.from_iterable(prose)), *typed])}

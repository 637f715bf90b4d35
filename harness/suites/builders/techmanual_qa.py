"""The CMake manual: questions about variables, properties, commands and their options; only ever tested on."""

from itertools import chain
from pathlib import Path

from harness.suites import splitting
from harness.suites.builders.polish import polish
from harness.suites.forms import description, name
from harness.suites.forms import type as type_
from harness.suites.item import Item
from harness.suites.manuals import cmake

_MOST_OF_A_TYPE = 20


def build(folder: Path) -> dict[str, list[Item]]:
    """Return ``test`` alone."""
    pages = cmake.read(folder)
    prose = splitting.without_copies(chain(name.items(pages), description.items(pages)))
    return {"test": polish([*prose, *type_.even(list(type_.items(pages)), _MOST_OF_A_TYPE)])}

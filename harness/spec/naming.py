"""Names in an experiment that become part of a path or of a command, held to what such names may be."""

from collections.abc import Iterator
from typing import Any

from harness import names
from harness.errors import Problem
from harness.spec.document import Located
from harness.spec.files import data_blocks


def name_problems(document: Located) -> Iterator[Problem]:
    """Yield the names of the model and of data sets that cannot be names; the document's blocks satisfy the schema."""
    model = document.value.get("model", {})
    for field, kind in names.OF_A_MODEL.get(model.get("source"), {}).items():
        yield from _problem(document, ("model", field), model.get(field), kind)
    for where, data in data_blocks(document.value):
        if data["source"] == "hub":
            yield from _problem(document, (*where, "revision"), data.get("revision"), names.REVISION)


def _problem(document: Located, where: tuple[str | int, ...], name: Any, kind: names.Kind) -> Iterator[Problem]:
    allowed = names.wrong(kind, name) if isinstance(name, str) else None
    if allowed is not None:
        yield document.problem(where, f"{name!r} cannot be a {where[-1]}", f"It is {allowed}.")

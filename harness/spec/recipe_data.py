"""The `data` block of a recipe: what it mixes in, with paths and plug-ins resolved, and what is wrong with it."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.codec import JSON
from harness.errors import Problem
from harness.paths import is_file
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.files import absolute
from harness.spec.plugins import with_requirement
from harness.spec.records import FILE_SOURCES


def mix_problems(document: Located) -> Iterator[Problem]:
    """Yield files that are not there, and shares that leave nothing of the data that they are mixed into."""
    members = _members(document)
    for where, member in members:
        path = absolute(document, (*where, "path")) if member["source"] in FILE_SOURCES else None
        if path is not None and not is_file(path):
            message = f"there is no file {path}"
            yield document.problem((*where, "path"), message, "Paths count from the file they stand in.")
    total = sum(member["share"] for _, member in members)
    if total >= 1:
        message = f"the shares add up to {total:g} and leave nothing of the data"
        yield document.problem(("data", "mix"), message, "Their sum must be less than 1.")


def with_mix(document: Located) -> dict[str, JSON]:
    """Return the block of a sound document, with absolute paths and the distributions of plug-ins."""
    found: dict[str, Any] = dict(document.value["data"])
    if found.get("mix") is not None:
        found["mix"] = [_resolved(document, *each) for each in _members(document)]
    return found


def _resolved(document: Located, where: At, member: Mapping[str, Any]) -> dict[str, JSON]:
    path = {"path": str(absolute(document, (*where, "path")))} if member["source"] in FILE_SOURCES else {}
    return with_requirement("data_sources", {**member, **path})


def _members(document: Located) -> list[tuple[At, Mapping[str, Any]]]:
    mix = (document.value.get("data") or {}).get("mix") or ()
    return [(("data", "mix", place), member) for place, member in enumerate(mix)]

"""Data that a recipe names, to mix in and to rank layers by: with paths and plug-ins resolved, and what is wrong."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.codec import JSON
from harness.errors import Problem
from harness.paths import is_file
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.files import absolute
from harness.spec.plugins import with_requirement
from harness.spec.records import FILE_SOURCES, STRATEGIES

_RANKING: At = ("layers", "data")


def data_problems(document: Located) -> Iterator[Problem]:
    """Yield files that are not there, shares that make no sense, and rows for a choice of layers that reads none."""
    members, ranking = _members(document), _ranking(document)
    for where, member in [*members, *ranking]:
        path = absolute(document, (*where, "path")) if member["source"] in FILE_SOURCES else None
        if path is not None and not is_file(path):
            message = f"there is no file {path}"
            yield document.problem((*where, "path"), message, "Paths count from the file they stand in.")
    total = sum(member["share"] for _, member in members)
    if total >= 1:
        message = f"the shares add up to {total:g} and leave nothing of the data"
        yield document.problem(("data", "mix"), message, "Their sum must be less than 1.")
    if ranking:
        yield from _ranking_problems(document)


def _ranking_problems(document: Located) -> Iterator[Problem]:
    layers = document.value["layers"]
    strategy = layers.get("strategy", "all")
    if strategy in STRATEGIES and strategy != "gradient":
        message = f"`data` gives rows to rank layers by, and the strategy `{strategy}` reads none"
        yield document.problem(_RANKING, message, "Leave it out, or use the strategy `gradient`.")
    if layers["data"].get("share") is not None:
        remedy = "Leave it out: how many rows are read is said by `probe_batches`."
        yield document.problem((*_RANKING, "share"), "`share` belongs to a mix", remedy)


def with_mix(document: Located) -> dict[str, JSON]:
    """Return the `data` block of a sound document, with absolute paths and the distributions of plug-ins."""
    found: dict[str, Any] = dict(document.value["data"])
    if found.get("mix") is not None:
        found["mix"] = [_resolved(document, *each) for each in _members(document)]
    return found


def with_ranking(document: Located) -> dict[str, JSON]:
    """Return the `layers` block of a sound document, likewise."""
    found = dict(document.value["layers"])
    for where, data in _ranking(document):
        found["data"] = _resolved(document, where, data)
    return with_requirement("layer_strategies", found)


def _resolved(document: Located, where: At, member: Mapping[str, Any]) -> dict[str, JSON]:
    path = {"path": str(absolute(document, (*where, "path")))} if member["source"] in FILE_SOURCES else {}
    return with_requirement("data_sources", {**member, **path})


def _members(document: Located) -> list[tuple[At, Mapping[str, Any]]]:
    mix = (document.value.get("data") or {}).get("mix") or ()
    return [(("data", "mix", place), member) for place, member in enumerate(mix)]


def _ranking(document: Located) -> list[tuple[At, Mapping[str, Any]]]:
    """Return what ranks the layers with its place, as a list of one; an empty one where it is what trains."""
    data = (document.value.get("layers") or {}).get("data")
    return [] if data is None else [(_RANKING, data)]

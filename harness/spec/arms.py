"""The `arms` of a spec: what their lists stand for, and what is wrong with them before anything is looked at."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import names
from harness.codec import JSON
from harness.errors import Problem
from harness.paths import is_folder
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.existing import KEYS, Weights, is_folder_text, read_weights

_Entry = tuple[str, int, Any]
"""The list that a model stands in, its position, and what is said of it."""
_RESERVED = "base"
"""The name of the untuned model's arm."""
_FORMS = 'Write "./folder" for one that lies here, "org/name" or "org/name@revision" for one on the hub.'


def entries(spec: Any) -> Iterator[tuple[str, str, int, Any]]:
    """Yield of every model in the arms the arm, the list that it stands in, its position and what is said of it."""
    for name, arm in (spec.get("arms") or {}).items():
        for key in KEYS:
            for index, said in enumerate(arm.get(key, ())):
                yield name, key, index, said


def arm_paths(spec: Any) -> Iterator[At]:
    """Yield where the paths of folders stand in the arms."""
    for name, key, index, said in entries(spec):
        if isinstance(said, str) and is_folder_text(said):
            yield ("arms", name, key, index)
        elif isinstance(said, dict) and "path" in said:
            yield ("arms", name, key, index, "path")


def arms_of(spec: Any) -> list[dict[str, JSON]]:
    """Return the arms as records have them; paths are absolute and everything is sound."""
    found: dict[str, dict[str, Any]] = {}
    for name, key, _, said in entries(spec):
        arm = found.setdefault(name, {"name": name, "kind": KEYS[key], "weights": []})
        arm["weights"].append(_weights(said))
    return list(found.values())


def arm_problems(document: Located, recipes: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield everything wrong with the arms' names, with what is listed in them, and with the seeds."""
    for name, arm in (document.value.get("arms") or {}).items():
        at: At = ("arms", name)
        if allowed := names.wrong(names.CELL, name):
            yield document.problem(at, f"{name!r} cannot name an arm", f"It is {allowed}.")
        if name in recipes or name == _RESERVED or name.startswith(f"{_RESERVED}, "):
            yield document.problem(at, f"{name!r} names another arm already", "Give it a name of its own.")
        if len(arm) != 1:
            message = f"it has {' and '.join(arm) or 'no list'}"
            yield document.problem(at, message, "An arm is either `adapters` or `models`.")
            continue
        mine = [(key, index, said) for of, key, index, said in entries(document.value) if of == name]
        yield from _forms(document, name, mine)
        if "seeds" in document.value:
            yield from _seeds(document, name, mine)


def _seeds(document: Located, name: str, mine: list[_Entry]) -> Iterator[Problem]:
    """Yield seeds that the experiment has not, seeds of two models, and another number of models than of seeds."""
    seeds, seen = document.value["seeds"], dict[int, int]()
    for key, index, said in mine:
        seed, at = _seed(said), ("arms", name, key, index, "seed")
        if seed is None:
            continue
        if seed not in seeds:
            message = f"{seed} is not among the experiment's seeds ({', '.join(map(str, seeds))})"
            yield document.problem(at, message, 'Add it to `seeds`, or say "unknown".')
        if seed in seen:
            message = f"the seed {seed} is that of entry {seen[seed]} already"
            yield document.problem(at, message, "Every seed has one model.")
        seen.setdefault(seed, index)
    if len(mine) != len(seeds):
        message = f"{_count(len(mine), 'model')} for {_count(len(seeds), 'seed')}"
        remedy = "Every arm has one model a seed: list as many, or change `seeds`."
        yield document.problem(("arms", name), message, remedy)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _forms(document: Located, name: str, mine: list[_Entry]) -> Iterator[Problem]:
    """Yield what means nothing or two things, names that cannot be one, and what is listed twice."""
    seen: dict[str, int] = {}
    for key, index, said in mine:
        at: At = ("arms", name, key, index)
        yield from _text(document, at, said) if isinstance(said, str) else _object(document, at, said)
        what = Weights(**_weights(said)).key
        if what in seen:
            message = f"it is entry {seen[what]} already"
            yield document.problem(at, message, "Each run is one trained model, and counts once.")
        seen.setdefault(what, index)


def _text(document: Located, at: At, said: str) -> Iterator[Problem]:
    read = read_weights(said)
    if read is None:
        yield document.problem(at, f"{said!r} is neither a folder nor a repository by its form", _FORMS)
        return
    place = document.place(at)
    beside = Path.cwd() if place.line is None else Path(place.file).resolve().parent
    if read.id is not None and is_folder(beside / said):
        yield document.problem(at, f"{said!r} is a folder here, and may be a repository on the hub", _FORMS)
    if read.id is not None and (allowed := names.wrong(names.REVISION, read.revision)):
        yield document.problem(at, f"{read.revision!r} cannot be a revision", f"It is {allowed}.")


def _object(document: Located, at: At, said: Mapping[str, Any]) -> Iterator[Problem]:
    if ("path" in said) == ("id" in said):
        yield document.problem(at, "it needs either a `path` or an `id`", "A folder here, or a repository on the hub.")
    if "path" in said and "revision" in said:
        yield document.problem((*at, "revision"), "a folder has no revision", "Leave it out.")
    for field, kind in (("id", names.HUB_ID), ("revision", names.REVISION)):
        if field in said and (allowed := names.wrong(kind, said[field])):
            yield document.problem((*at, field), f"{said[field]!r} is no valid {field}", f"It is {allowed}.")


def _weights(said: Any) -> dict[str, Any]:
    """Return the fields of the record of an entry; of a text that means nothing, itself as a path."""
    if isinstance(said, str):
        read = read_weights(said)
        return {"path": said} if read is None or read.path else {"id": read.id, "revision": read.revision}
    return {**{key: value for key, value in said.items() if key != "seed"}, "seed": _seed(said)}


def _seed(said: Any) -> int | None:
    seed = said.get("seed") if isinstance(said, dict) else None
    return seed if isinstance(seed, int) else None

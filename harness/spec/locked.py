"""A locked experiment, made one again on this machine.

It is written out as the files that it could have been read from and read as any other: what a lock says is checked as
what a spec says is, and nothing that it names is taken on trust. Its paths are another machine's. A file or folder that
is not there is looked for here by name, and tasks are found by name as a spec's are; what they hold is held to the
lock's hashes when the run is prepared.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from harness import names
from harness.codec import JSON
from harness.errors import Problem, SpecError
from harness.paths import is_file, is_folder
from harness.spec.document import at
from harness.spec.existing import KEYS
from harness.spec.experiment import load
from harness.spec.files import label, named_paths
from harness.spec.overrides import Overrides
from harness.spec.records import FILE_SOURCES, Execution, Experiment, PluginBlock, Recipe, Workers

_NOT_WRITTEN = {
    "Experiment": {"file", "include", "overrides", "tune", "search", "recipes", "factors", "arms"},
    "Recipe": {"method", "name"},
    "Comparison": {"grades"},
}
"""Fields that no file says, or that say where it was. A search has been made, and its recipes have what it chose; the
variants of factors are among the recipes, and what grades them is of no use without factors."""

_LISTS = {kind: key for key, kind in KEYS.items()}


@dataclass(frozen=True, slots=True)
class Written:
    """An experiment as files: the spec, and recipes by their path beside it."""

    spec: dict[str, JSON]
    recipes: dict[str, dict[str, JSON]] = field(default_factory=dict)


def written(experiment: Experiment) -> Written:
    """Return the files from which an experiment would be read as it is, but for where its paths point."""
    recipes: dict[str, dict[str, JSON]] = {}
    paths = [_write_recipe(each, "adapters", recipes) for each in experiment.recipes]
    spec: dict[str, JSON] = {**_sparse(experiment), "recipes": paths}
    if experiment.arms:
        spec["arms"] = {arm.name: {_LISTS[arm.kind]: list(map(_sparse, arm.weights))} for arm in experiment.arms}
    return Written(spec, recipes)


def reread(
    experiment: Experiment,
    lock: Path,
    *,
    include: Iterable[Path] = (),
    device: str | None = None,
    workers: Workers | None = None,
) -> Experiment:
    """Return a locked experiment as it is read here.

    Tasks and files are looked for in `include`, where the lock's own folders are on this machine, beside the lock and
    in the current directory. Raises `SpecError` with everything that is wrong, and everything that is not found.
    """
    own = [each for each in (*experiment.include, experiment.file.parent) if is_folder(each)]
    folders = [Path(each).resolve() for each in (*include, *own, lock.parent, Path.cwd())]
    files = written(experiment)
    problems = list(_relocated(files, folders, label(lock)))
    if problems:
        raise SpecError(problems)
    with tempfile.TemporaryDirectory(prefix="harness-locked-") as place:
        spec = _put(files, Path(place), experiment.name)
        try:
            found = load(spec, include=folders, overrides=Overrides(device=device, workers=workers))
        except SpecError as error:
            raise SpecError(_of_lock(error.problems, lock)) from error
    file = folders[0] / f"{experiment.name}.json"
    comparison = replace(found.comparison, grades=experiment.comparison.grades)
    return replace(
        found, factors=experiment.factors, comparison=comparison, file=file, include=tuple(dict.fromkeys(folders))
    )


def comparable(experiment: Experiment) -> dict[str, JSON]:
    """Return what of an experiment decides its numbers on any machine: files by name, and not where it is computed."""
    anywhere: dict[str, Any] = {name: getattr(Execution(), name) for name in _OF_A_MACHINE}
    asked = replace(experiment, description="", execute=replace(experiment.execute, **anywhere))
    files = written(asked)
    for block, key, _ in _paths(files):
        block[key] = Path(str(block[key])).name
    return {"spec": files.spec, "recipes": {name: {**each} for name, each in files.recipes.items()}}


_OF_A_MACHINE = (
    *("device", "threads", "workers", "memory_limit_bytes", "time_limit_minutes", "shared_folder"),
    *("checkpoint_minutes", "report_to", "kind", "options", "plugin"),
)
"""Fields of `Execution` that say where a run is made, and nothing of its numbers."""


def _sparse(record: Any) -> dict[str, JSON]:
    """Return a record as a file would say it: without what it need not say."""
    without = _NOT_WRITTEN.get(type(record).__name__, set())
    return {
        each.name: _plain(getattr(record, each.name))
        for each in fields(record)
        if each.name not in without and getattr(record, each.name) != _default(each) and not _is_plugin(record, each)
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _sparse(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _default(each: "Field[Any]") -> Any:
    return each.default_factory() if each.default_factory is not MISSING else each.default


def _is_plugin(record: Any, each: "Field[Any]") -> bool:
    """Tell whether a field notes which distribution a plug-in came from; a recipe's is a block of its own."""
    return each.name == "plugin" and not isinstance(record, Recipe)


def _write_recipe(recipe: Recipe, folder: str, files: dict[str, dict[str, JSON]]) -> str:
    """Write a recipe and those within it, each in a folder of its own, and return its path from the spec."""
    if allowed := names.wrong(names.TASK, recipe.id):
        raise SpecError(
            [Problem("lock", "$.experiment.recipes", None, f"{recipe.id!r:.80} names no recipe", f"It is {allowed}.")]
        )
    path = f"{folder}/{recipe.id}.json"
    said = _sparse(replace(recipe, match=None, stages=(), plugin=None))
    if recipe.match is not None:
        _write_recipe(recipe.match.recipe, f"{folder}/{recipe.id}/match", files)
        said["match"] = {
            "recipe": f"./{recipe.id}/match/{recipe.match.recipe.id}.json",
            "tolerance": recipe.match.tolerance,
        }
    if recipe.stages:
        said["stages"] = []
    for place, stage in enumerate(recipe.stages):
        _write_recipe(stage.recipe, f"{folder}/{recipe.id}/{place}", files)
        named = f"./{recipe.id}/{place}/{stage.recipe.id}.json"
        said["stages"].append({**_sparse(stage), "recipe": named})
    if isinstance(recipe.plugin, PluginBlock):
        said[recipe.plugin.name] = dict(recipe.plugin.options)
    files[path] = said
    return path


def _paths(files: Written) -> Iterator[tuple[dict[str, Any], str, bool]]:
    """Yield each block that says a path, under which key, and whether that is a folder."""
    spec: Any = files.spec
    for (*outer, key), is_a_folder in named_paths(spec):
        yield at(spec, tuple(outer)), str(key), is_a_folder
    recipes: Iterable[Any] = files.recipes.values()
    data = [stage.get("data") for recipe in recipes for stage in recipe.get("stages", ())]
    yield from ((each, "path", False) for each in data if each and each["source"] in FILE_SOURCES)


def _relocated(files: Written, folders: Iterable[Path], lock: str) -> Iterator[Problem]:
    """Put in place of each path what is here, and yield those of which nothing is."""
    for block, key, is_a_folder in _paths(files):
        said = Path(str(block[key]))
        found = _here(said, folders, is_a_folder=is_a_folder)
        if found is None:
            what = "folder" if is_a_folder else "file"
            remedy = "Name the folder that it is in with --include-path."
            message = f"there is no {what} {said}, nor one called {said.name} here"
            yield Problem(lock, f"$.experiment.{'model' if is_a_folder else 'data'}.{key}", None, message, remedy)
        else:
            block[key] = str(found)


def _here(said: Path, folders: Iterable[Path], *, is_a_folder: bool) -> Path | None:
    """Return a path that is there: the same, or with as much of its end as is found below one of the folders."""
    there = is_folder if is_a_folder else is_file
    ends = [Path(*said.parts[first:]) for first in range(1, len(said.parts))]
    candidates = [said, *(folder / end for end in ends for folder in folders)]
    return next((each for each in candidates if there(each)), None)


def _put(files: Written, place: Path, name: str) -> Path:
    for path, said in files.recipes.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(json.dumps(said), encoding="utf-8")
    spec = place / "locked.json"
    spec.write_text(json.dumps({**files.spec, "name": name}), encoding="utf-8")
    return spec


def _of_lock(problems: Iterable[Problem], lock: Path) -> Iterator[Problem]:
    """Yield problems of the files that were written out as the lock's."""
    for each in problems:
        is_own = "harness-locked-" in each.file
        part = f" ({Path(each.file).stem})" if is_own and Path(each.file).stem != "locked" else ""
        yield replace(each, file=f"{label(lock)}{part}", line=None) if is_own else each

"""An experiment's file to an `Experiment`, with everything wrong about it reported at once; and to JSON and back."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.codec import JSON, decode, encode
from harness.declarations.places import found_from_here
from harness.errors import Problem, SpecError
from harness.spec.arms import arms_of
from harness.spec.checks import Context, semantic_problems
from harness.spec.document import Located, without_comments
from harness.spec.document import Path as At
from harness.spec.factors import declared, variants
from harness.spec.files import data_blocks, find, not_found, read, with_absolute_paths
from harness.spec.launch import with_config
from harness.spec.models import names_of, of_model, problems_between, where_it_stands, with_entry
from harness.spec.overrides import Overrides, overridden
from harness.spec.plugins import with_requirement
from harness.spec.recipe import ReadRecipe, read_recipe, read_variant
from harness.spec.records import Experiment
from harness.spec.schema import violations
from harness.spec.tasks import named_tasks
from harness.text import several

RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What may name a run folder; the schema's pattern for `name`."""

_NOTHING = Overrides()
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """A spec file with what it extends and the overrides laid over it, and what is wrong with the overrides."""

    file: Path
    folders: tuple[Path, ...]
    overrides: Overrides
    document: Located
    problems: tuple[Problem, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the overrides keep, all unless some are named; none where the spec is of one model."""
        names = names_of(self.document)
        return tuple(name for name in names if name in self.overrides.only) or names


def read_spec(name_or_path: str | Path, *, include: Iterable[Path] = (), overrides: Overrides = _NOTHING) -> ReadSpec:
    """Read the spec of a name or path; raises `SpecError` for a file that cannot be read."""
    folders = tuple(Path(folder).resolve() for folder in include)
    file = _file(str(name_or_path), folders)
    document, problems = overridden(read("specs", file, include=folders), overrides)
    document = _with_diagnostics_as_objects(without_comments(document))
    return ReadSpec(file, folders, overrides, document, tuple(problems))


def load(name_or_path: str | Path, *, include: Iterable[Path] = (), overrides: Overrides = _NOTHING) -> Experiment:
    """Return the experiment of a file or of a name, resolved: what it extends, defaults, recipes, paths.

    A name is looked up beside the current directory, in `include` and among the shipped experiments; `include`
    is also searched for recipes and tasks. Of a spec of several models it is that of the one that is left. Raises
    `SpecError` with every problem, each with the file of the ``extends`` chain (or the option) that it stands in.
    """
    found = read_spec(name_or_path, include=include, overrides=overrides)
    if not found.models:
        return experiment_of(found)
    if len(found.models) > 1:
        message = f"there are {len(found.models)} models, and the experiment of one is asked for"
        remedy = f"Keep one: --only NAME, which is one of {several(found.models, _SHOWN)}."
        raise SpecError([found.document.problem(("models",), message, remedy)])
    (experiment,) = experiments_of(found).values()
    return experiment


def experiments_of(found: ReadSpec) -> dict[str, Experiment]:
    """Return the experiment of each model that is kept, by name; raises `SpecError` with every problem of any."""
    document = found.document
    problems = [*found.problems, *violations("experiment", document), *problems_between(document)]
    experiments: dict[str, Experiment] = {}
    for model in found.models:
        name = f"{document.value.get('name', found.file.stem)}-{model}"
        own = of_model(document, model)
        alone = replace(found, document=Located({**own.value, "name": name}, own.places), problems=())
        try:
            experiments[model], wrong = with_entry(experiment_of(alone), document, model)
            problems += wrong
        except SpecError as error:
            problems += [where_it_stands(each, document, model) for each in error.problems]
    if problems:
        raise SpecError(dict.fromkeys(problems))
    return experiments


def experiment_of(found: ReadSpec) -> Experiment:
    """Return the experiment of a spec of one model; raises `SpecError` with every problem."""
    document, unread = with_config(found.document)
    wrong = violations("experiment", document)
    looked_up = _looked_up(document, _sound(document, wrong), found.file, found.folders)
    return _resolved(looked_up, found.file, found.overrides, [*found.problems, *unread, *wrong, *looked_up.problems])


def _sound(document: Located, problems: Iterable[Problem]) -> Located:
    """Return the blocks that satisfy the schema, so that names in them are looked up whatever the others hold."""
    value = document.value if isinstance(document.value, dict) else {}
    wrong = {re.split(r"[.\[]", problem.path)[1] for problem in problems if problem.path != "$"}
    return Located({key: block for key, block in value.items() if key not in wrong}, document.places)


def _with_diagnostics_as_objects(document: Located) -> Located:
    """Return the document with the objects that names of diagnostics stand for."""
    named = document.value.get("diagnostics")
    if not isinstance(named, list):
        return document
    objects = [{"name": each} if isinstance(each, str) else each for each in named]
    return Located({**document.value, "diagnostics": objects}, document.places)


def _file(name: str, include: tuple[Path, ...]) -> Path:
    here = Path.cwd()
    file = find("specs", name, beside=here, include=include)
    if file is None:
        message, remedy = not_found("specs", name, beside=here, include=include)
        raise SpecError([Problem(name, "$", None, message, remedy)])
    return file


@dataclass(frozen=True, slots=True)
class _LookedUp:
    """An experiment with what its names stand for, and what is wrong with them."""

    context: Context
    value: dict[str, Any]
    problems: list[Problem]


def _looked_up(whole: Located, document: Located, file: Path, include: tuple[Path, ...]) -> _LookedUp:
    """Look up every name in the blocks of a document that satisfy the schema, and tasks in the `whole`."""
    value, problems = with_absolute_paths(document)
    folders = (*include, *map(Path, value.get("include", ())))
    recipes = _recipes(document, file.parent, folders, problems)
    tasks = named_tasks(whole, recipes.values(), beside=file.parent, include=folders)
    context = Context(document, whole, file.parent, folders, recipes, tasks)
    problems += semantic_problems(context)
    problems += _name_problems(document, file)
    return _LookedUp(context, value, problems)


def _resolved(found: _LookedUp, file: Path, overrides: Overrides, problems: list[Problem]) -> Experiment:
    if problems:
        raise SpecError(problems)
    fields = {key: value for key, value in found.value.items() if key not in ("$schema", "extends")}
    for _, block in data_blocks(fields):
        block.update(with_requirement("data_sources", block))
    for block in fields.get("diagnostics", ()):
        block.update(with_requirement("diagnostics", block))
    if "execute" in fields:
        fields["execute"] = with_requirement("executors", fields["execute"])
    read_from = {"file": file, "include": _include(found.context), "overrides": overrides.words()}
    recipes = [encode(read.recipe) for read in found.context.recipes.values()]
    resolved = {"recipes": recipes, "arms": arms_of(fields), "factors": encode(declared(found.context.document))}
    return decode(Experiment, {"name": file.stem, **fields, **read_from, **resolved})


def _include(context: Context) -> tuple[Path, ...]:
    """Return the include paths, with ``tasks/`` of the current directory where a task is found nowhere else.

    A run is reported from other directories too, and must find the same tasks there.
    """
    paths = [task.path for task in context.tasks.declared.values()]
    beside, include = context.beside, context.include
    here = any(found_from_here("tasks", path, beside=beside, include=include) for path in paths)
    return (*include, Path.cwd() / "tasks") if here else include


def _recipes(
    document: Located, beside: Path, include: tuple[Path, ...], problems: list[Problem]
) -> dict[str, ReadRecipe]:
    """Return the recipes by id; what is wrong with any is added to `problems`."""
    found: dict[str, ReadRecipe] = {}
    for index, name in enumerate(document.value.get("recipes", ())):
        at: At = ("recipes", index)
        path = find("adapters", name, beside=beside, include=include)
        if path is None:
            message, remedy = not_found("adapters", name, beside=beside, include=include)
            problems.append(document.problem(at, message, remedy))
            continue
        try:
            read_one = read_recipe(path, include=include)
        except SpecError as error:
            problems += error.problems
            continue
        if read_one.recipe.id in found:
            message = f"the recipe {read_one.recipe.id!r} is listed twice"
            problems.append(document.problem(at, message, "Two files of one name cannot be told apart."))
        found[read_one.recipe.id] = read_one
    return {**found, **_variants(document, include, found, problems)}


def _variants(
    document: Located, include: tuple[Path, ...], recipes: Mapping[str, ReadRecipe], problems: list[Problem]
) -> dict[str, ReadRecipe]:
    """Return the variants of the recipes that `factors` name; what is wrong with any is added to `problems`."""
    found: dict[str, ReadRecipe] = {}
    for variant in variants(declared(document)):
        if variant.centre not in recipes:
            continue  # told of where it is named
        try:
            found[variant.id] = read_variant(recipes[variant.centre], variant, document, include=include)
        except SpecError as error:
            problems += error.problems
        if variant.id in recipes:
            message = f"the variant {variant.id!r} has the name of a recipe that is listed"
            problems.append(document.problem(("factors",), message, "Call the factor or the level otherwise."))
    return found


def _name_problems(document: Located, file: Path) -> list[Problem]:
    """Refuse a file name that cannot name the run folder, where no `name` is given."""
    if "name" in document.value or RUN_NAME.fullmatch(file.stem):
        return []
    message = f"the file's name {file.stem!r} cannot name a run folder"
    return [document.problem((), message, "Give a `name` of letters, digits, dots, dashes and underscores.")]


def lock(experiment: Experiment) -> dict[str, JSON]:
    """Return everything about the experiment as a JSON object, defaults included."""
    value: dict[str, JSON] = encode(experiment)
    return value


def unlock(value: Mapping[str, Any]) -> Experiment:
    """Return the experiment that `lock` wrote; raises `SpecError` where the object is not one of this version."""
    try:
        return decode(Experiment, value)
    except (TypeError, ValueError) as error:
        remedy = "It was written by another version, or edited; run the spec anew into another --out."
        raise SpecError([Problem("lock", "$", None, f"this is not a locked experiment: {error}", remedy)]) from error

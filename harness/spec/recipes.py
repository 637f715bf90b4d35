"""Recipe files to `Recipe` records."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from harness.errors import Problem, SpecError
from harness.spec.blocks import option_problems, quantization_problems
from harness.spec.decode import decode, encode
from harness.spec.files import NOT_INHERITED, find, label, not_found, read
from harness.spec.located import Located, at
from harness.spec.located import Path as At
from harness.spec.paths import absolute
from harness.spec.records import JSON, Recipe
from harness.spec.schema import violations
from harness.spec.stages import stage_problems
from harness.spec.suggest import nearest

STRATEGIES = ("all", "first", "last", "middle", "every", "list", "random", "gradient")
"""Layer strategies of harness itself; others come through the entry points `STRATEGY_GROUP`."""

STRATEGY_GROUP = "harness.layer_strategies"

_FILE_NAME = re.compile(
    r"(?P<method>[A-Za-z0-9][A-Za-z0-9_.]*(?:-[A-Za-z0-9_.]+)*)--(?P<name>[A-Za-z0-9_.][A-Za-z0-9_.-]*)"
)


@dataclass(frozen=True, slots=True)
class ReadRecipe:
    """A recipe and the document it was read from, for checks that need a model; its stages' recipes likewise."""

    recipe: Recipe
    document: Located
    stages: tuple["ReadRecipe", ...] = ()

    @property
    def parts(self) -> tuple["ReadRecipe", ...]:
        """The documents that say how the model is adapted: the stages', or the recipe's own."""
        return self.stages or (self,)


def load_recipe(name: str, beside: Path, include: Iterable[Path] = ()) -> Recipe:
    """Return a recipe by name or path, with what it extends; raises `SpecError` with every problem of it."""
    path = find("adapters", name, beside=beside, include=include)
    if path is None:
        message, remedy = not_found("adapters", name, beside=beside, include=include)
        raise SpecError([Problem(name, "$", None, message, remedy)])
    return read_recipe(path, include=include).recipe


def read_recipe(path: Path, *, include: Iterable[Path] = ()) -> ReadRecipe:
    """Return the recipe in a file, with its document; raises `SpecError` with every problem of it."""
    return _read_recipe(path.resolve(), tuple(include), ())


def _read_recipe(path: Path, include: tuple[Path, ...], named_by: tuple[Path, ...]) -> ReadRecipe:
    named = _FILE_NAME.fullmatch(path.stem)
    problems = []
    if named is None:
        remedy = "Call it <method>--<name>.json, for instance lora--last-half.json."
        problems.append(Problem(label(path), "$", None, f"{path.name!r} names no method and recipe", remedy))
    document = read("adapters", path, include=include)
    problems += violations("recipe", document) or _block_problems(document)
    if problems or named is None:
        raise SpecError(problems)
    fields = {key: value for key, value in document.value.items() if key not in NOT_INHERITED}
    if fields.get("match") is not None:
        fields["match"] = _with_recipe(fields["match"], document, include, (*named_by, path))
    stages = _read_stages(document, include, (*named_by, path)) if "stages" in fields else ()
    if stages:
        fields["stages"] = _with_recipes(document, stages)
    about = {"description": document.value.get("description", ""), **named.groupdict()}
    return ReadRecipe(decode(Recipe, {**fields, **about}), document, stages)


def _with_recipe(
    match: dict[str, Any], document: Located, include: tuple[Path, ...], chain: tuple[Path, ...]
) -> dict[str, JSON]:
    """Put the recipe whose parameters are to be matched where its name stood; how it trains does not matter."""
    read_one = _named_recipe(document, ("match", "recipe"), include, chain, "a recipe cannot match itself")
    if read_one.stages:
        message = f"{read_one.recipe.id!r} is trained in stages, each with parameters of its own"
        raise SpecError([document.problem(("match", "recipe"), message, "Match the recipe of one stage.")])
    return {**match, "recipe": encode(replace(read_one.recipe, description="", training={}))}


def _named_recipe(
    document: Located, where: At, include: tuple[Path, ...], chain: tuple[Path, ...], circular: str
) -> ReadRecipe:
    """Return the recipe that a document names at `where`; `chain` are the files that led here, the document's last."""
    name, beside = at(document.value, where), chain[-1].parent
    found = find("adapters", name, beside=beside, include=include)
    if found is None:
        message, remedy = not_found("adapters", name, beside=beside, include=include)
        raise SpecError([document.problem(where, message, remedy)])
    if found in chain:
        circle = " → ".join(link.stem for link in (*chain[chain.index(found) :], found))
        raise SpecError([document.problem(where, f"{circular}: {circle}", "Name another.")])
    return _read_recipe(found, include, chain)


def _read_stages(document: Located, include: tuple[Path, ...], chain: tuple[Path, ...]) -> tuple[ReadRecipe, ...]:
    """Read the stages' recipes; raises `SpecError` with what is wrong with any of them and with their order."""
    found: list[ReadRecipe | None] = []
    problems: list[Problem] = []
    for place in range(len(document.value["stages"])):
        try:
            found.append(_stage_recipe(document, place, include, chain))
        except SpecError as error:
            found.append(None)
            problems += error.problems
    problems += stage_problems(document, [each.recipe if each else None for each in found])
    problems += _absent_files(document)
    if problems:
        raise SpecError(problems)
    return tuple(each for each in found if each is not None)


def _stage_recipe(document: Located, place: int, include: tuple[Path, ...], chain: tuple[Path, ...]) -> ReadRecipe:
    where: At = ("stages", place, "recipe")
    read_one = _named_recipe(document, where, include, chain, "a recipe cannot be a stage of itself")
    if read_one.stages:
        message = f"{read_one.recipe.id!r} has stages itself"
        raise SpecError([document.problem(where, message, "Write its stages here.")])
    return read_one


def _with_recipes(document: Located, read_ones: tuple[ReadRecipe, ...]) -> list[dict[str, JSON]]:
    """Return the stages with recipes where their names stood, and absolute paths."""
    stages = [
        {**stage, "recipe": encode(each.recipe)}
        for stage, each in zip(document.value["stages"], read_ones, strict=True)
    ]
    for place, where in _data_files(document):
        stages[place]["data"] = {**stages[place]["data"], "path": str(absolute(document, where))}
    return stages


def _data_files(document: Located) -> Iterator[tuple[int, At]]:
    for place, stage in enumerate(document.value["stages"]):
        if (stage.get("data") or {}).get("source") == "jsonl":
            yield place, ("stages", place, "data", "path")


def _absent_files(document: Located) -> Iterator[Problem]:
    for _, where in _data_files(document):
        path = absolute(document, where)
        if not path.is_file():
            yield document.problem(where, f"there is no file {path}", "Paths count from the file they stand in.")


def _block_problems(document: Located) -> list[Problem]:
    return [
        *_layer_problems(document),
        *option_problems(document, STRATEGIES),
        *quantization_problems(document),
    ]


def _layer_problems(document: Located) -> list[Problem]:
    layers = document.value.get("layers", {})
    strategy = layers.get("strategy", "all")
    problems = []
    if strategy not in STRATEGIES and strategy not in (known := _strategies()):
        message = f"{strategy!r} is not a layer strategy"
        problems.append(document.problem(("layers", "strategy"), message, nearest(strategy, known)))
    sizes = [key for key in ("fraction", "count", "indices") if layers.get(key) is not None]
    message, remedy = _size_problem(strategy, sizes)
    if message:
        problems.append(document.problem(("layers", *sizes[:1]), message, remedy))
    return problems


def _size_problem(strategy: str, sizes: list[str]) -> tuple[str, str]:
    said = " and ".join(f"`{size}`" for size in sizes)
    if strategy == "all":
        return (f"{said} says how many, the strategy is `all`", "Name another strategy.") if sizes else ("", "")
    if strategy == "list":
        return (
            ("", "") if sizes == ["indices"] else ("the strategy `list` needs `indices` alone", "For example [0, 1].")
        )
    if len(sizes) > 1:
        return f"{said} are given", "Give one of them."
    if not sizes and strategy in STRATEGIES:
        return f"the strategy `{strategy}` is not told how many layers", "Give `fraction` or `count`."
    if sizes == ["indices"] and strategy in STRATEGIES:
        return f"`indices` does not go with the strategy `{strategy}`", 'Give `fraction` or `count`, or use "list".'
    return "", ""


def _strategies() -> list[str]:
    return [*STRATEGIES, *(point.name for point in entry_points(group=STRATEGY_GROUP))]

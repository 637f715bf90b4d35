"""Recipe files to `Recipe` records, with everything that is wrong with their layers, quantization and stages."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.codec import JSON, decode, encode
from harness.errors import Problem, SpecError
from harness.paths import is_file
from harness.spec.document import Located, at, without_comments
from harness.spec.document import Path as At
from harness.spec.factors import Variant, varied
from harness.spec.files import NOT_INHERITED, absolute, find, label, not_found, read
from harness.spec.peft_block import bare_config, old_fields, without_nothing
from harness.spec.plugins import with_method, with_requirement
from harness.spec.recipe_data import data_problems, with_mix, with_ranking
from harness.spec.records import FILE_SOURCES, STRATEGIES, Recipe
from harness.spec.schema import all_peft_fields, method_blocks, peft_fields, violations

_QUANTIZED = {
    "bnb_4bit_quant_type": ("nf4", "fp4"),
    "bnb_4bit_compute_dtype": ("float32", "bfloat16", "float16"),
    "bnb_4bit_quant_storage": ("uint8", "bfloat16", "float16", "float32", "float64"),
}

_FILE_NAME = re.compile(
    r"(?P<method>[A-Za-z0-9][A-Za-z0-9_.]*(?:-[A-Za-z0-9_.]+)*)--(?P<name>[A-Za-z0-9_.][A-Za-z0-9_.-]*)"
)


LONGEST_NAME = 100
"""Characters of a recipe's id: with seed and hash it names a folder."""


@dataclass(frozen=True, slots=True)
class ReadRecipe:
    """A recipe and the document it was read from, for checks that need a model; its stages' recipes likewise."""

    recipe: Recipe
    document: Located
    path: Path
    """The file, from which the paths and names in it count."""
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


def read_variant(centre: ReadRecipe, variant: Variant, spec: Located, *, include: Iterable[Path] = ()) -> ReadRecipe:
    """Return the variant of a recipe that `spec` declares; raises `SpecError` with everything that is wrong with it."""
    document = varied(spec, centre.document, variant)
    named = _FILE_NAME.fullmatch(variant.id) if len(variant.id) <= LONGEST_NAME else None
    if named is None:
        remedy = f"A variant is called RECIPE-FACTOR-LEVEL, in {LONGEST_NAME} characters of letters, digits, . _ and -."
        raise SpecError([spec.problem(("factors",), f"{variant.id!r:.150} cannot name a recipe", remedy)])
    return _of_document(document, named, centre.path, tuple(include), ())


def _read_recipe(path: Path, include: tuple[Path, ...], named_by: tuple[Path, ...]) -> ReadRecipe:
    named = _FILE_NAME.fullmatch(path.stem) if len(path.stem) <= LONGEST_NAME else None
    document = without_comments(read("adapters", path, include=include))
    return _of_document(document, named, path, include, named_by)


def _of_document(
    document: Located,
    named: re.Match[str] | None,
    path: Path,
    include: tuple[Path, ...],
    named_by: tuple[Path, ...],
) -> ReadRecipe:
    """Return the recipe that a document holds, as one file at `path`; `named` is its name, None where it has none."""
    if bare := list(bare_config(document)):
        raise SpecError(bare)
    problems = []
    if named is None:
        remedy = f"Call it <method>--<name>.json, for instance lora--last-half.json; {LONGEST_NAME} characters at most."
        problems.append(Problem(label(path), "$", None, f"{path.name!r} names no method and recipe", remedy))
    problems += old_fields(document)
    document = without_nothing(document, peft_fields, all_peft_fields())
    problems += recipe_problems(document)
    problems += data_problems(document) if not problems else ()
    if problems or named is None:
        raise SpecError(problems)
    fields = with_method({key: value for key, value in document.value.items() if key not in NOT_INHERITED})
    fields["modules"] = _listed(fields.get("modules"))
    if "layers" in fields:
        fields["layers"] = with_ranking(document)
    if fields.get("data") is not None:
        fields["data"] = with_mix(document)
    if fields.get("match") is not None:
        fields["match"] = _with_recipe(fields["match"], document, include, (*named_by, path))
    stages = _read_stages(document, include, (*named_by, path)) if "stages" in fields else ()
    if stages:
        fields["stages"] = _with_recipes(document, stages)
    about = {"description": document.value.get("description", ""), **named.groupdict()}
    return ReadRecipe(decode(Recipe, {**fields, **about}), document, path, stages)


def _listed(value: JSON) -> list[JSON]:
    """Return the roles of `modules`, of which one may stand alone."""
    return [value] if isinstance(value, str) else list(value or ())


def _with_recipe(
    match: dict[str, Any], document: Located, include: tuple[Path, ...], chain: tuple[Path, ...]
) -> dict[str, JSON]:
    """Put the recipe whose parameters are to be matched where its name stood; how it trains does not matter."""
    read_one = _named_recipe(document, ("match", "recipe"), include, chain, "a recipe cannot match itself")
    if read_one.stages:
        message = f"{read_one.recipe.id!r} is trained in stages, each with parameters of its own"
        raise SpecError([document.problem(("match", "recipe"), message, "Match the recipe of one stage.")])
    return {**match, "recipe": encode(replace(read_one.recipe, description="", training={}, start=None))}


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
    problems += _stage_problems(document, found)
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
    if read_one.recipe.start is not None:
        message = f"{read_one.recipe.id!r} starts from an arm's adapter, and a stage from what the one before it left"
        raise SpecError([document.problem(where, message, "Use a recipe without `start`.")])
    return read_one


def _with_recipes(document: Located, read_ones: tuple[ReadRecipe, ...]) -> list[dict[str, JSON]]:
    """Return the stages with recipes where their names stood, and absolute paths."""
    stages = [
        {**stage, "recipe": encode(each.recipe)}
        for stage, each in zip(document.value["stages"], read_ones, strict=True)
    ]
    for place, where in _data_files(document):
        stages[place]["data"] = {**stages[place]["data"], "path": str(absolute(document, where))}
    for stage in stages:
        if stage.get("data") is not None:
            stage["data"] = with_requirement("data_sources", stage["data"])
    return stages


def _data_files(document: Located) -> Iterator[tuple[int, At]]:
    for place, stage in enumerate(document.value["stages"]):
        if (stage.get("data") or {}).get("source") in FILE_SOURCES:
            yield place, ("stages", place, "data", "path")


def _absent_files(document: Located) -> Iterator[Problem]:
    for _, where in _data_files(document):
        path = absolute(document, where)
        if not is_file(path):
            yield document.problem(where, f"there is no file {path}", "Paths count from the file they stand in.")


def _stage_problems(document: Located, read_ones: Sequence[ReadRecipe | None]) -> Iterator[Problem]:
    """Yield what is wrong with the order of stages and with what becomes of their adapters.

    `read_ones` are the stages' recipes, None for one that could not be read and is reported elsewhere.
    """
    recipes = [each.recipe if each else None for each in read_ones]
    for place, (read_one, recipe) in enumerate(zip(read_ones, recipes, strict=True)):
        yield from _stage_data(document, place)
        yield from _stage_budget(document, place, recipe)
        if place == len(recipes) - 1:
            yield from _last_stage(document, place)
        elif read_one is not None:
            yield from _what_follows(document, place, read_one)
    yield from _one_base(document, recipes)


def _stage_data(document: Located, place: int) -> Iterator[Problem]:
    data = document.value["stages"][place].get("data") or {}
    if data.get("share") is not None:
        remedy = "Leave it out: a stage trains on all rows of its data."
        yield document.problem(("stages", place, "data", "share"), "`share` belongs to a mix", remedy)


def _stage_budget(document: Located, place: int, recipe: Recipe | None) -> Iterator[Problem]:
    if recipe is not None and recipe.compute is not None:
        message = f"{recipe.id} spends as much as another recipe's whole run, which a stage is not"
        yield document.problem(("stages", place, "recipe"), message, "Use a recipe without `compute`.")


def _last_stage(document: Located, place: int) -> Iterator[Problem]:
    if document.value["stages"][place].get("then") is not None:
        message = "`then` speaks of a next stage, and this is the last"
        yield document.problem(("stages", place, "then"), message, "Leave it out: what it trains is scored as it is.")


def _what_follows(document: Located, place: int, read_one: ReadRecipe) -> Iterator[Problem]:
    """Yield what is wrong with the fate of what a stage trains, from which the next one starts."""
    recipe, then = read_one.recipe, document.value["stages"][place].get("then")
    methods = method_blocks(read_one.document.value)
    if not methods or any(facts.get("trains_base_weights") for facts in methods.values()):
        if then is not None:
            message = f"{recipe.id} trains the model's own weights and leaves no adapter to {then}"
            yield document.problem(("stages", place, "then"), message, "Leave it out.")
        return
    if then is None:
        message = "`then` is missing: what becomes of the adapter before the next stage"
        remedy = 'Say "merge" (folded into the weights) or "keep" (frozen, at work beside the next one).'
        yield document.problem(("stages", place), message, remedy)
    for method, facts in methods.items():
        if not facts.get("merges", True) and not facts.get("stacks", False):
            message = f"{recipe.id} is a {method} adapter, which can be neither merged nor kept beside another"
            yield document.problem(("stages", place, "recipe"), message, "Make it the last stage.")
    if recipe.quantization is not None and then == "merge":
        message = f"{recipe.id} trains on quantized weights: merged into them, its update would be rounded off"
        yield document.problem(("stages", place, "then"), message, 'Use "keep", or a recipe without `quantization`.')


def _one_base(document: Located, recipes: Sequence[Recipe | None]) -> Iterator[Problem]:
    first = recipes[0]
    for place, recipe in enumerate(recipes):
        if first is not None and recipe is not None and recipe.quantization != first.quantization:
            message = f"{recipe.id} and {first.id} differ in `quantization`, and the base is loaded once for all stages"
            yield document.problem(("stages", place, "recipe"), message, "Use recipes that load it alike.")


def recipe_problems(document: Located) -> list[Problem]:
    """Return what is wrong with a recipe's file by itself: its names, types and blocks."""
    return list(violations("recipe", document)) or _block_problems(document)


def _block_problems(document: Located) -> list[Problem]:
    """Return what is wrong with a recipe's blocks beyond the names and types that the schema knows."""
    checks = (_method_problems, _module_problems, _layer_problems, _quantization_problems)
    return [problem for check in checks for problem in check(document)]


def _method_problems(document: Located) -> Iterator[Problem]:
    methods = list(method_blocks(document.value))
    for method in methods[1:]:
        remedy = "Keep one of them; null takes back what a file that is extended says."
        yield document.problem((method,), f"`{method}` does not go with `{methods[0]}`", remedy)


def _module_problems(document: Located) -> Iterator[Problem]:
    """Yield why `modules` would choose nothing, or choose beside what the `peft` block does."""
    if not document.value.get("modules"):
        return
    peft = document.value.get("peft")
    if peft is None:
        message = "`modules` says what a `peft` block adapts, and there is none"
        yield document.problem(("modules",), message, "Leave it out, or give `peft`.")
        return
    for field in ("target_modules", "layers_to_transform"):
        if peft.get(field) not in (None, [], ""):
            message = f"`peft.{field}` does not go with `modules`"
            remedy = "Keep one of them." if field == "target_modules" else "Use `layers`."
            yield document.problem(("peft", field), message, remedy)


def _layer_problems(document: Located) -> list[Problem]:
    layers = document.value.get("layers", {})
    strategy = layers.get("strategy", "all")
    problems = []
    sizes = [key for key in ("fraction", "count", "indices") if layers.get(key) is not None]
    message, remedy = _size_problem(strategy, sizes)
    if message:
        problems.append(document.problem(("layers", *sizes[:1]), message, remedy))
    return problems


def _size_problem(strategy: str, sizes: list[str]) -> tuple[str, str]:
    given = " and ".join(f"`{size}`" for size in sizes)
    if strategy == "all":
        return (f"{given} says how many, the strategy is `all`", "Name another strategy.") if sizes else ("", "")
    if strategy == "list":
        return (
            ("", "") if sizes == ["indices"] else ("the strategy `list` needs `indices` alone", "For example [0, 1].")
        )
    if len(sizes) > 1:
        return f"{given} are given", "Give one of them."
    if not sizes and strategy in STRATEGIES:
        return f"the strategy `{strategy}` lacks a number of layers", "Give `fraction` or `count`."
    if sizes == ["indices"] and strategy in STRATEGIES:
        return f"`indices` does not go with the strategy `{strategy}`", 'Give `fraction` or `count`, or use "list".'
    return "", ""


def _quantization_problems(document: Located) -> Iterator[Problem]:
    """Yield why a `quantization` block would quantize nothing, or not as bitsandbytes can."""
    block = document.value.get("quantization")
    if block is None:
        return
    widths = [name for name in ("load_in_4bit", "load_in_8bit") if block.get(name)]
    if len(widths) != 1:
        wrong = "both 4 and 8 bits are asked for" if widths else "neither 4 nor 8 bits are asked for"
        yield document.problem(("quantization",), wrong, "Set one of `load_in_4bit` and `load_in_8bit` to true.")
    for name, allowed in _QUANTIZED.items():
        value = block.get(name)
        if value is not None and value not in allowed:
            message = f"{value!r} is no {name}"
            yield document.problem(("quantization", name), message, f"There are: {', '.join(allowed)}.")

"""What no schema can say: that the names in an experiment stand for something and fit each other."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from harness import declarations
from harness.errors import Problem
from harness.spec.context import Context
from harness.spec.located import Path as At
from harness.spec.recipes import ReadRecipe
from harness.spec.suggest import nearest, resembling
from harness.spec.taskfields import known as known_fields
from harness.spec.taskfields import wrong as wrong_fields
from harness.spec.tasknames import installed
from harness.spec.tasknames import metrics as reported_metrics
from harness.spec.tuning import tune_problems

LAYER_KEYS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
"""What transformers' configurations call the number of decoder layers."""


def _comparison(context: Context) -> Iterator[Problem]:
    comparison = context.spec["comparison"]
    listed = {Path(name).name.removesuffix(".json") for name in context.spec["recipes"]}
    unread = listed - set(context.recipes)
    named: list[tuple[At, str]] = [(("comparison", "reference"), comparison["reference"])]
    named += [(("comparison", "candidates", i), name) for i, name in enumerate(comparison["candidates"])]
    for at, name in named:
        # A recipe that could not be read is told by itself, and so is one that is listed under a misspelt name.
        if name not in listed and name not in context.recipes and resembling(name, unread) is None:
            message = f"{name!r} is not among the experiment's recipes"
            remedy = f"{nearest(name, context.recipes)}{_inherited(context, at)}"
            yield context.document.problem(at, message, remedy)
    for at, name in named[1:]:
        if name == comparison["reference"]:
            yield context.document.problem(at, f"{name!r} is the reference itself", "Compare another recipe with it.")


def _inherited(context: Context, at: At) -> str:
    """Say it of a value that comes from the file that is extended: the user's own has no such line."""
    own, said = (context.document.place(each).file for each in ((), at))
    return "" if own == said else f" {own} extends this file: give it a `comparison` with its own recipes."


_RULED_ROLES = {"not-worse-out-of-domain": "out_of_domain", "no-forgetting": "guard"}


def _gate(context: Context) -> Iterator[Problem]:
    roles = {suite["role"] for suite in context.spec["suites"]}
    for index, rule in enumerate(context.spec["comparison"].get("gate", {}).get("rules", ())):
        role = _RULED_ROLES.get(rule)
        if role is not None and role not in roles:
            at = ("comparison", "gate", "rules", index)
            yield context.document.problem(at, f"{rule!r} has no suite to rule on", f'Give one the role "{role}".')


def _suites(context: Context) -> Iterator[Problem]:
    suites = context.spec["suites"]
    for index, suite in enumerate(suites):
        if suite["task"] in [before["task"] for before in suites[:index]]:
            at = ("suites", index, "task")
            yield context.document.problem(at, f"the suite {suite['task']!r} is listed twice", "Keep one of them.")
    home = [suite for suite in suites if suite["role"] == "in_domain"]
    if not home:
        remedy = 'Give one suite the role "in_domain".'
        yield context.document.problem(("suites",), "no suite is in-domain: there is no gap to persist", remedy)
    for index, suite in enumerate(suites):
        if home and suite["role"] == "out_of_domain" and suite["metric"] != home[0]["metric"]:
            message = f"{suite['metric']!r} cannot be compared with the in-domain {home[0]['metric']!r}"
            remedy = "In-domain and out-of-domain suites share one metric; only guards have their own."
            yield context.document.problem(("suites", index, "metric"), message, remedy)


def _tasks(context: Context) -> Iterator[Problem]:
    named = [(context.whole, at, task) for at, task in _named_tasks(context.whole.value)]
    named += [(read.document, at, task) for read in context.recipes.values() for at, task in _stage_tasks(read)]
    for document, at, task in named:
        if task not in context.tasks:
            remedy = nearest(task, declarations.task_files(beside=context.beside, include=context.include))
            yield document.problem(at, f"{task!r} is not a task", f"{remedy} `harness tasks` lists them.")


def _named_tasks(whole: Any) -> Iterator[tuple[At, str]]:
    """Yield the tasks that an experiment names, whatever else is wrong around the names."""
    listed = ((block, index) for block in ("suites", "mix") for index in range(_length(whole.get(block))))
    for where in (*listed, ("data",), ("validation", "data")):
        block = _block(whole, where)
        task = block.get("task") if where[0] == "suites" or block.get("source") == "task" else None
        if isinstance(task, str):
            yield (*where, "task"), task


def _block(whole: Any, where: At) -> dict[str, Any]:
    """Return the object that stands somewhere, an empty one where none does."""
    for step in where:
        there = isinstance(step, int) or (isinstance(whole, dict) and step in whole)
        whole = whole[step] if there else None
    return whole if isinstance(whole, dict) else {}


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _stage_tasks(read: ReadRecipe) -> Iterator[tuple[At, str]]:
    for place, stage in enumerate(read.recipe.stages):
        if stage.data is not None and stage.data.task is not None:
            yield ("stages", place, "data", "task"), stage.data.task


def task_files(whole: Any, recipes: Iterable[ReadRecipe], *, beside: Path, include: Iterable[Path]) -> dict[str, Path]:
    """Return the YAML file of each task that the experiment or a recipe names and that exists, lm-eval's included."""
    known = declarations.task_files(beside=beside, include=include)
    names = {task for _, task in _named_tasks(whole)}
    names |= {task for read in recipes for _, task in _stage_tasks(read)}
    return {name: known[name] for name in names & set(known)} | installed(names - set(known))


def _metrics(context: Context) -> Iterator[Problem]:
    for index, suite in enumerate(context.spec["suites"]):
        file = context.tasks.get(suite["task"])
        known = reported_metrics(file) if file else set()
        if known and suite["metric"].partition(",")[0] not in known:  # a filter's name may follow
            message = f"the task {suite['task']!r} reports no metric {suite['metric']!r}"
            yield context.document.problem(("suites", index, "metric"), message, nearest(suite["metric"], known))


def _task_fields(context: Context) -> Iterator[Problem]:
    """Hold the files of tasks that are ours or the user's to lm-eval's fields; its own are its business."""
    ours = declarations.task_files(beside=context.beside, include=context.include)
    for index, suite in enumerate(context.spec["suites"]):
        for file, field in wrong_fields(ours[suite["task"]]) if suite["task"] in ours else ():
            at: At = ("suites", index, "task")
            if field is None:
                yield context.document.problem(at, f"{file} cannot be read as YAML", "`harness tasks` says where.")
            else:
                message = f"{file} has the field {field!r}, which lm-eval does not know"
                yield context.document.problem(at, message, nearest(field, known_fields()))


def _shares(context: Context) -> Iterator[Problem]:
    shares = [data["share"] for data in context.spec.get("mix", ())]
    if sum(shares) >= 1:
        message = f"the shares add up to {sum(shares):g} and leave nothing of `data`"
        yield context.document.problem(("mix",), message, "Their sum must be less than 1.")


def _compute(context: Context) -> Iterator[Problem]:
    """Hold a recipe only to another that is trained here and settles its own number of steps."""
    settled = {name for name, read in context.recipes.items() if read.recipe.compute is None and not read.stages}
    for name, read in context.recipes.items():
        other = read.recipe.compute.recipe if read.recipe.compute else None
        if other is not None and other not in settled - {name}:
            message = f"{other!r} is not among the experiment's recipes that settle their own number of steps"
            yield read.document.problem(("compute", "recipe"), message, nearest(other, settled - {name}))


def _validation(context: Context) -> Iterator[Problem]:
    spec = context.spec
    declared = spec.get("validation") or {}
    needed = [block for block in ("tune", "early_stopping") if spec.get(block) is not None]
    known = declared.get("data") or declared.get("share") or spec["data"]["source"] == "task"
    for block in needed if not known else ():
        message = f"`{block}` needs validation rows, and the training data is no task with a validation split"
        yield context.document.problem((block,), message, "Declare `validation` with `data` or a `share`.")
    if needed and not declared.get("share"):
        yield from _deciding(context, declared.get("data"))


def _deciding(context: Context, declared: Any) -> Iterator[Problem]:
    """Refuse rows that decide about training and are trained on, or belong to a suite that training must not know."""
    spec = context.spec
    rows = declared or {**spec["data"], "split": "validation"}
    at: At = ("validation", "data") if declared else ("data",)
    if _rows(rows) in [_rows(each) for each in (spec["data"], *spec.get("mix", ()))]:
        message = "the rows that decide about training would be those that train"
        yield context.document.problem(at, message, "Declare `validation` with other `data` or a `share`.")
    foreign = {suite["task"]: suite["role"] for suite in spec.get("suites", ()) if suite["role"] != "in_domain"}
    if rows.get("task") in foreign:
        message = f"rows of {rows['task']!r} would decide about training, and its role is {foreign[rows['task']]!r}"
        yield context.document.problem((*at, "task"), message, "Decide on rows like those that train.")


def _rows(data: Any) -> dict[str, Any]:
    """Return what names the rows of a source, whatever share of them is taken."""
    return {"split": "train", **{key: value for key, value in data.items() if value is not None and key != "share"}}


def _layers(context: Context) -> Iterator[Problem]:
    config = context.spec["model"].get("config") or {}
    total = next((config[key] for key in LAYER_KEYS if isinstance(config.get(key), int)), None)
    if total is None:
        return
    for read in (part for each in context.recipes.values() for part in each.parts):
        yield from _layers_beyond(read, total)


def _layers_beyond(read: ReadRecipe, total: int) -> Iterator[Problem]:
    layers, peft = read.recipe.layers, read.recipe.peft or {}
    remedy = f"The model has {total} layers, 0 to {total - 1}."
    for position, index in enumerate(layers.indices or ()):
        if not -total <= index < total:
            yield read.document.problem(("layers", "indices", position), f"there is no layer {index}", remedy)
    if layers.count is not None and layers.count > total:
        yield read.document.problem(("layers", "count"), f"{layers.count} layers are asked for", remedy)
    verbatim = peft.get("layers_to_transform")
    for index in [verbatim] if isinstance(verbatim, int) else verbatim or ():
        if isinstance(index, int) and not 0 <= index < total:
            yield read.document.problem(("peft", "layers_to_transform"), f"there is no layer {index}", remedy)


_Check = Callable[[Context], Iterator[Problem]]
_CHECKS: tuple[tuple[_Check, frozenset[str]], ...] = (
    (_comparison, frozenset({"comparison", "recipes"})),
    (_gate, frozenset({"comparison", "suites"})),
    (_suites, frozenset({"suites"})),
    (_tasks, frozenset()),
    (_metrics, frozenset({"suites"})),
    (_task_fields, frozenset({"suites"})),
    (_shares, frozenset()),
    (_layers, frozenset({"model"})),
    (_compute, frozenset({"recipes"})),
    (_validation, frozenset({"data"})),
    (tune_problems, frozenset({"tune", "seeds", "training", "recipes"})),
)
"""Each check and the blocks that it cannot do without."""


def semantic_problems(context: Context) -> list[Problem]:
    """Return everything wrong with names and their relations, as far as the blocks that they stand in are sound."""
    return [problem for check, needs in _CHECKS if needs <= set(context.spec) for problem in check(context)]

"""What no schema can say: that the names in an experiment stand for something and fit each other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import Problem
from harness.spec.arms import arm_problems
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.factors import factor_problems
from harness.spec.grades import grade_problems
from harness.spec.launch import launch_problems
from harness.spec.looks import look_problems
from harness.spec.margins import margin_problems
from harness.spec.naming import name_problems
from harness.spec.phase_checks import phase_problems
from harness.spec.recipe import ReadRecipe
from harness.spec.records import NOT_POOLED
from harness.spec.starts import start_problems
from harness.spec.suggest import nearest, resembling
from harness.spec.tasks import NamedTasks, task_problems
from harness.spec.tune_checks import metric_problems, tune_problems

LAYER_KEYS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
"""What transformers' configurations call the number of decoder layers."""

_Check = Callable[["Context"], Iterator[Problem]]

_RULED_ROLES = {"not-worse-out-of-domain": "out_of_domain", "no-forgetting": "guard"}


@dataclass(frozen=True, slots=True)
class Context:
    """The blocks of an experiment that satisfy the schema, and where its names are looked up.

    `whole` has the other blocks too: the names of tasks are looked up there, so that one reading tells them all.
    """

    document: Located
    whole: Located
    beside: Path
    include: tuple[Path, ...]
    recipes: dict[str, ReadRecipe]
    tasks: NamedTasks

    @property
    def spec(self) -> Any:
        """The experiment's JSON value."""
        return self.document.value


def semantic_problems(context: Context) -> list[Problem]:
    """Return everything wrong with names and their relations, as far as the blocks that they stand in are sound."""
    checks: tuple[tuple[_Check, set[str]], ...] = (
        (_factors, {"factors", "recipes"}),
        (_comparison, {"comparison"}),
        (_arms, {"arms"}),
        (_pooling, {"comparison"}),
        (_gate, {"comparison", "suites"}),
        (_cost, {"comparison"}),
        (_grades, {"comparison"}),
        (_margins, {"comparison", "suites"}),
        (_seeds, {"seeds"}),
        (_looks, {"comparison", "seeds"}),
        (_suites, {"suites"}),
        (_shares, set()),
        (_layers, {"model"}),
        (_compute, {"recipes"}),
        (_starts, {"recipes"}),
        (_timed, {"recipes"}),
        (_launch, {"execute"}),
        (_validation, {"data"}),
        (_tune, {"tune", "seeds", "training", "recipes"}),
        (_search, {"search", "seeds", "training", "recipes", "comparison"}),
    )
    found = [*name_problems(context.document), *task_problems(context.tasks)]
    return found + [problem for check, needs in checks if needs <= set(context.spec) for problem in check(context)]


def _arms(context: Context) -> Iterator[Problem]:
    yield from arm_problems(context.document, context.recipes)
    for block in ("tune", "search", "early_stopping") if "recipes" not in context.whole.value else ():
        if context.spec.get(block) is not None:
            message = f"`{block}` has no recipe to work on: what is in `arms` is trained already"
            yield context.document.problem((block,), message, "Leave it out, or list `recipes`.")


def _factors(context: Context) -> Iterator[Problem]:
    yield from factor_problems(context.document, context.recipes)


def _comparison(context: Context) -> Iterator[Problem]:
    blocks = {"recipes", "arms"} & set(context.whole.value)
    if not blocks or not blocks <= set(context.spec):
        return  # what the names stand for is not known
    comparison = context.spec["comparison"]
    arms = context.spec.get("arms", {})
    listed = {Path(name).name.removesuffix(".json") for name in context.spec.get("recipes", ())} | set(arms)
    unread = listed - set(context.recipes) - set(arms)
    known = [*context.recipes, *arms]
    named: list[tuple[At, str]] = [(("comparison", "reference"), comparison["reference"])]
    named += [(("comparison", "candidates", i), name) for i, name in enumerate(comparison["candidates"])]
    for at, name in named:
        # A recipe that cannot be read is a problem of its own, and so is one that is listed under a misspelt name.
        if name not in listed and name not in known and resembling(name, unread) is None:
            message = f"{name!r} is not among the experiment's recipes{' and arms' if arms else ''}"
            remedy = f"{nearest(name, known)}{_inherited(context, at)}"
            yield context.document.problem(at, message, remedy)
    for at, name in named[1:]:
        if name == comparison["reference"]:
            yield context.document.problem(at, f"{name!r} is the reference itself", "Compare another recipe with it.")


def _inherited(context: Context, at: At) -> str:
    """Return a remedy for a value of the file that is extended: the user's own file has no such line."""
    own, inherited = (context.document.place(each).file for each in ((), at))
    return "" if own == inherited else f" {own} extends this file: give it a `comparison` with its own recipes."


def _pooling(context: Context) -> Iterator[Problem]:
    if context.spec["comparison"].get("pool_seed_variance"):
        at, message = ("comparison", "pool_seed_variance"), f"pooling is withdrawn: {NOT_POOLED}"
        yield context.document.problem(at, message, "Leave it out; more seeds are what helps.")


def _gate(context: Context) -> Iterator[Problem]:
    roles = {suite["role"] for suite in context.spec["suites"]}
    for index, rule in enumerate(context.spec["comparison"].get("gate", {}).get("rules", ())):
        role = _RULED_ROLES.get(rule)
        if role is not None and role not in roles:
            at = ("comparison", "gate", "rules", index)
            yield context.document.problem(at, f"{rule!r} has no suite to rule on", f'Give one the role "{role}".')
        task = rule.partition(":")[2].rpartition("=")[0]
        tasks = [suite["task"] for suite in context.spec["suites"]]
        if task and task not in tasks:
            at = ("comparison", "gate", "rules", index)
            yield context.document.problem(at, f"{rule!r} names no suite of the experiment", nearest(task, tasks))


def _cost(context: Context) -> Iterator[Problem]:
    declared = (context.spec.get("cost") or {}).get("per_hour")
    if context.spec["comparison"].get("cost") == "price" and not declared:
        message = "the cheapest is asked for by price, and no price is declared"
        remedy = 'Give the spec `"cost": {"per_hour": …}`, or name training_time, memory or size.'
        yield context.document.problem(("comparison", "cost"), message, remedy)


def _grades(context: Context) -> Iterator[Problem]:
    return grade_problems(context.document)


def _margins(context: Context) -> Iterator[Problem]:
    return margin_problems(context.document)


def _seeds(context: Context) -> Iterator[Problem]:
    if not context.spec["seeds"] and all(context.spec.get(block) is None for block in ("tune", "search")):
        message, remedy = (
            "the list is empty: nothing would be trained",
            "Give at least 1; a search (`tune`, `search`) goes without.",
        )
        yield context.document.problem(("seeds",), message, remedy)


def _looks(context: Context) -> Iterator[Problem]:
    return look_problems(context.document)


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


def _shares(context: Context) -> Iterator[Problem]:
    shares = [data["share"] for data in context.spec.get("mix", ())]
    if sum(shares) >= 1:
        message = f"the shares add up to {sum(shares):g} and leave nothing of `data`"
        yield context.document.problem(("mix",), message, "Their sum must be less than 1.")


def _compute(context: Context) -> Iterator[Problem]:
    """Refuse a budget of a recipe that is not trained here, or whose own number of steps follows from another."""
    measured = {name for name, read in context.recipes.items() if read.recipe.compute is None and not read.stages}
    for name, read in context.recipes.items():
        other = read.recipe.compute.recipe if read.recipe.compute else None
        if other is not None and other not in measured - {name}:
            message = f"{other!r} is not among the experiment's recipes with a number of steps of their own"
            yield read.document.problem(("compute", "recipe"), message, nearest(other, measured - {name}))


def _starts(context: Context) -> Iterator[Problem]:
    if "arms" in context.spec or "arms" not in context.whole.value:
        yield from start_problems(context.document, context.recipes)


def _timed(context: Context) -> Iterator[Problem]:
    """Refuse to compare times of cells that share the machine with others."""
    workers = context.spec.get("execute", {}).get("workers", 1)
    timed = [
        name for name, read in context.recipes.items() if read.recipe.compute and read.recipe.compute.measure == "time"
    ]
    timed += ["merge.latency"] if context.spec.get("merge", {}).get("latency") else []
    if workers != 1 and timed:
        several = "as many cells at once as there is room for" if workers == "auto" else f"{workers} cells at once"
        message = f"{several} share the machine, and {', '.join(timed)} compares times"
        yield context.document.problem(("execute", "workers"), message, "Run one at a time: workers 1.")


def _launch(context: Context) -> Iterator[Problem]:
    yield from launch_problems(context.document, context.recipes)


def _validation(context: Context) -> Iterator[Problem]:
    spec = context.spec
    declared = spec.get("validation") or {}
    needed = [block for block in ("tune", "search", "early_stopping") if spec.get(block) is not None]
    every: At = ("validation", "every")
    if declared.get("every") is not None:
        needed.append("validation.every")
        if spec.get("early_stopping") is not None:
            message = "`early_stopping` takes the validation loss by its own `eval_steps`"
            yield context.document.problem(every, message, "Leave one of the two out.")
    known = declared.get("data") or declared.get("share") or spec["data"]["source"] == "task"
    for block in needed if not known else ():
        message = f"`{block}` needs validation rows, and the training data is not a task with a validation split"
        at = every if block == "validation.every" else (block,)
        yield context.document.problem(at, message, "Declare `validation` with `data` or a `share`.")
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


def _tune(context: Context) -> Iterator[Problem]:
    return tune_problems(context.document, context.recipes, context.tasks)


def _search(context: Context) -> Iterator[Problem]:
    """Yield everything wrong with the search in phases."""
    if context.spec["search"] is not None:
        yield from metric_problems(context.document, context.tasks, "search")
        yield from phase_problems(context.document, context.recipes)

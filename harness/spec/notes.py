"""What is not wrong with an experiment and worth knowing: names that hide shipped ones, arms not trained, looks."""

from collections.abc import Iterator
from pathlib import Path

from harness.declarations.code import consented, what_runs
from harness.declarations.lm_eval import is_installed
from harness.declarations.places import shipped
from harness.declarations.task_yaml import Declared
from harness.declarations.tasks import search
from harness.spec.files import find, label
from harness.spec.looks import look_note
from harness.spec.recipe import read_recipe
from harness.spec.records import Experiment


def notes(experiment: Experiment) -> tuple[str, ...]:
    """Return a sentence for each thing to know about an experiment, empty where there is none."""
    looks = look_note(experiment.comparison.looks, len(experiment.seeds))
    return (
        *_hidden_experiment(experiment),
        *_hidden_recipes(experiment),
        *_not_trained(experiment),
        *_tasks(experiment),
        *(() if looks is None else (looks,)),
        *(f"{what_runs(suite.task)}." for suite in experiment.suites if suite.task in consented()),
    )


def _hidden_experiment(experiment: Experiment) -> Iterator[str]:
    file = experiment.file
    by_name = find("specs", file.stem, beside=Path.cwd(), include=experiment.include)
    if by_name == file and _differs(file, shipped("specs") / file.name):
        yield _hides("experiment", file.stem, file)


def _hidden_recipes(experiment: Experiment) -> Iterator[str]:
    for recipe in experiment.recipes:
        path = find("adapters", recipe.id, beside=experiment.file.parent, include=experiment.include)
        if path is None or not _differs(path, shipped("adapters") / path.name):
            continue
        if read_recipe(path, include=experiment.include).recipe == recipe:  # and not one that is listed by its path
            yield _hides("recipe", recipe.id, path)


def _not_trained(experiment: Experiment) -> Iterator[str]:
    for arm in experiment.arms:
        unknown = sum(each.seed is None for each in arm.weights)
        seeds = f"; the seeds of {unknown} are not known, and they are paired by their order" if unknown else ""
        yield f"the arm `{arm.name}` is not trained here ({len(arm.weights)} {arm.kind}s){seeds}."


def _hides(what: str, name: str, path: Path) -> str:
    return f"the {what} `{name}` comes from {label(path)}, which differs from the shipped {what} of that name."


def _differs(path: Path, other: Path) -> bool:
    return other.is_file() and path.read_bytes() != other.read_bytes()


def _tasks(experiment: Experiment) -> Iterator[str]:
    names = {suite.task for suite in experiment.suites}
    sources = [experiment.data, *experiment.mix, experiment.validation.data]
    sources += [stage.data for recipe in experiment.recipes for stage in recipe.stages]
    parts = [part.recipe for recipe in experiment.recipes for part in recipe.parts]
    sources += [data for part in parts for data in (*(part.mix or ()), part.layers.data)]
    names |= {data.task for data in sources if data is not None and data.task is not None}
    found = search(names, beside=experiment.file.parent, include=experiment.include).tasks
    ours = search(names, include=(shipped("tasks"),)).tasks
    for name in sorted(names):
        if name in found and name in ours and _content(found[name]) != _content(ours[name]):
            yield _hides("task", name, found[name].path)
        if name not in found and not is_installed():
            yield f"whether `{name}` is a task cannot be known here: lm-eval, which may bring it, is not installed."


def _content(task: Declared) -> dict[str, bytes]:
    """Return what tells two tasks of one name apart, wherever they lie."""
    return {path.name: path.read_bytes() for path in task.source_files}

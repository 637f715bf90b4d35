"""Model cards: the README.md of an adapter and of a run, with the metadata that the hub reads above them.

The metadata are those of https://huggingface.co/docs/hub/model-cards. What nobody declared is not in them: a base that
is not on the hub, a licence that nobody gave.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from harness import __version__
from harness.compare.cell_scores import CellScore
from harness.ledger import RunFolder
from harness.records import CellResult, TrainRecord
from harness.report.document import Block, Cell, Document, Interval, Number, Prose, Section, Table
from harness.report.pages import pull_request_document
from harness.report.render.markdown import MarkdownRenderer
from harness.spec.records import Data, Experiment, Recipe
from harness.trained import TrainedElsewhere
from harness.verdict.decision import Decision
from harness.verdict.records import Verdicts

_FORM = ".4f"


def cell_card(
    run: RunFolder,
    result: CellResult,
    scores: Sequence[CellScore],
    verdicts: Verdicts | None,
    *,
    licences: Mapping[str, str],
    licence: str | None = None,
    loading: str | None = None,
) -> str:
    """Return the card of what a cell trained: base, recipe, data, scores, verdict, licences, and how to load it.

    `licences` are those of the tasks that it was trained on, by name; `licence` is the adapter's own, if declared.
    `loading` is the section on how it is loaded, where that is not as an adapter from its run.
    """
    experiment = run.experiment
    if result.train_info is None:
        return _base_card(experiment, scores, loading or "")
    (recipe,) = [each for each in experiment.recipes if each.id == result.cell.recipe]
    title = f"{recipe.id}, seed {result.cell.seed}, on {experiment.model.name}"
    document = Document(
        (
            Prose(f"Trained in the experiment {experiment.name} by harness {__version__}; the cell {result.cell.id}."),
            _section("recipe", "Recipe", _recipe(experiment, recipe, result)),
            _section("data", "Data", [Prose(line) for line in _data(experiment, recipe)]),
            _section("scores", "Scores", [_scores(scores)]),
            _section("verdict", "What was found of the recipe", _found(experiment, recipe, verdicts)),
            _section("licence", "Licence", [Prose(line) for line in _licences(experiment, recipe, licences, licence)]),
        ),
        title,
    )
    metadata = {**_metadata(experiment, [recipe], licence), "model-index": _index(title, scores)}
    return _card(metadata, document, loading or _loading(experiment, recipe, "THIS_FOLDER", None))


def _base_card(experiment: Experiment, scores: Sequence[CellScore], loading: str) -> str:
    said = Prose(f"The base model of the experiment {experiment.name}, {experiment.model.address}, as it was scored.")
    document = Document((said, _section("scores", "Scores", [_scores(scores)])), f"{experiment.model.name}, untuned")
    metadata: dict[str, Any] = {"library_name": "transformers", "pipeline_tag": "text-generation"}
    if experiment.model.source == "hub":
        metadata["base_model"] = experiment.model.id
    return _card(metadata, document, loading)


def run_card(
    run: RunFolder,
    verdicts: Verdicts,
    decision: Decision,
    adapters: Mapping[str, str],
    *,
    bundle: str,
    repository: str,
    licence: str | None = None,
) -> str:
    """Return the card of a run in a repository: its verdict, its bundle, and the recipe of each of its `adapters`."""
    experiment = run.experiment
    found = pull_request_document(verdicts, decision, experiment.name, bundle)
    rows = tuple(adapters.items())
    adapted = [Table(headers=("folder", "recipe"), rows=rows)] if rows else [Prose("No adapter is kept in this run.")]
    verified = Prose(f"harness verify {bundle} judges its scores anew and says whether the verdict follows from them.")
    document = Document((*found.blocks, verified, _section("adapters", "Adapters", adapted)), found.title)
    recipes = {each.id: each for each in experiment.recipes}
    shown = next((folder for folder, recipe in adapters.items() if by_peft(recipes[recipe])), None)
    loading = "" if shown is None else _loading(experiment, recipes[adapters[shown]], repository, shown)
    return _card(_metadata(experiment, experiment.recipes, licence), document, loading)


def _card(metadata: Mapping[str, Any], document: Document, loading: str) -> str:
    head = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n{MarkdownRenderer().render(document)}\n{loading}"


def _section(name: str, title: str, blocks: Iterable[Block]) -> Section:
    return Section(name=name, title=title, blocks=tuple(blocks))


def _metadata(experiment: Experiment, recipes: Sequence[Recipe], licence: str | None) -> dict[str, Any]:
    peft = any(part.recipe.peft is not None for recipe in recipes for part in recipe.parts)
    found: dict[str, Any] = {"library_name": "peft" if peft else "harness", "pipeline_tag": "text-generation"}
    if licence is not None:
        found["license"] = licence
    if experiment.model.source == "hub":
        found["base_model"] = experiment.model.id
    trained = [each for recipe in recipes for each in _trained_on(experiment, recipe)]
    if hub := sorted({str(each.id) for each in trained if each.source == "hub"}):
        found["datasets"] = hub
    return {**found, "tags": ["harness-gap", *sorted({recipe.method for recipe in recipes})]}


def _index(title: str, scores: Sequence[CellScore]) -> list[dict[str, Any]]:
    results = [
        {
            "task": {"type": "text-generation"},
            "dataset": {"name": each.suite, "type": each.suite},
            "metrics": [{"type": each.metric.split(",")[0], "name": each.metric, "value": float(each.score)}],
        }
        for each in scores
    ]
    return [{"name": title, "results": results}]


def _recipe(experiment: Experiment, recipe: Recipe, result: CellResult) -> Iterator[Block]:
    if recipe.description:
        yield Prose(recipe.description)
    record = result.training
    rows: list[tuple[Cell, ...]] = [("base model", experiment.model.address)]
    if experiment.model.revision:
        rows.append(("revision", experiment.model.revision))
    rows += [
        ("sha256 of the base", result.meta_info.model_info.sha256),
        ("trained parameters", _trained(record)),
        ("layers", ", ".join(map(str, record.layers))),
        *(() if result.run_info.start is None else (("started from", _start(recipe, result.run_info.start)),)),
        ("steps", str(record.steps)),
        ("tokens read", f"{record.tokens:,}"),
        *((name, json.dumps(value)) for name, value in sorted(experiment.training_of(recipe).items())),
    ]
    yield Table(headers=("what", "value"), rows=tuple(rows))


def _trained(record: TrainRecord) -> str:
    """Return how many parameters trained; in stages those of each, since the same ones may train again."""
    counts = (f"{each.num_trainable_params:,}" for each in record.stages or (record,))
    return f"{', then '.join(counts)} of {record.num_total_params:,}"


def _start(recipe: Recipe, start: TrainedElsewhere) -> str:
    what = "trained on" if recipe.continues else "merged into the base"
    return f"the adapter {start.source} ({start.sha256[:12]}), {what}"


def _data(experiment: Experiment, recipe: Recipe) -> Iterator[str]:
    for each in _trained_on(experiment, recipe):
        share = "" if each.share is None else f", {each.share:.0%} of the examples"
        yield f"{_named(each)}{share}"
    for part in recipe.parts:
        if part.recipe.layers.data is not None:
            yield f"Its layers were chosen by the gradient on {_named(part.recipe.layers.data)}."
        for name, change in part.recipe.transforms.items():
            yield f"`{name}`: {change.share:g} of the rows, seed {change.seed}"
    if recipe.control is not None:
        yield f"A placebo: its answers are dealt anew ({recipe.control}), so that it can learn the form alone."


def _trained_on(experiment: Experiment, recipe: Recipe) -> list[Data]:
    found: list[Data] = []
    for seen in map(experiment.for_stage, recipe.parts):
        found += [each for each in (seen.data, *seen.mix) if each not in found]
    return found


def trained_tasks(experiment: Experiment) -> set[str]:
    """Return the tasks whose training rows an experiment's recipes read."""
    data = (each for recipe in experiment.recipes for each in _trained_on(experiment, recipe))
    return {str(each.task) for each in data if each.source == "task"}


def _named(data: Data) -> str:
    if data.source == "task":
        return f"the training rows of the task {data.task}"
    if data.source == "hub":
        return f"the data set {data.id}, {data.split}" + (f", at {data.revision}" if data.revision else "")
    return f"rows of a file, {data.source}" if data.path else f"rows of the plug-in {data.source}"


def _scores(scores: Sequence[CellScore]) -> Table:
    rows = tuple(
        (
            each.suite,
            each.role.replace("_", "-"),
            each.metric,
            Number(value=each.score, form=_FORM)
            if each.interval is None
            else Interval(estimate=each.score, low=each.interval[0], high=each.interval[1], form=_FORM),
            str(each.items),
        )
        for each in scores
    )
    level = f"{scores[0].level:.0%} " if scores else ""
    note = f"In brackets the {level}interval over another draw of items; another training seed is not in it."
    return Table(headers=("suite", "role", "metric", "score", "items"), rows=rows, notes=(note,))


def _found(experiment: Experiment, recipe: Recipe, verdicts: Verdicts | None) -> Iterator[Prose]:
    if verdicts is None:
        yield Prose("Nothing was judged.")
        return
    if recipe.id == experiment.comparison.reference:
        yield Prose("It is the reference, against which the others are judged.")
    for one in (*verdicts.primary, *verdicts.guards):
        if one.candidate == recipe.id:
            yield Prose(f"{one.verdict}: {one.sentence}")


def _licences(
    experiment: Experiment, recipe: Recipe, licences: Mapping[str, str], licence: str | None
) -> Iterator[str]:
    own = "none is declared" if licence is None else licence
    yield f"Of this adapter: {own}. It is bound by those of the base model and of the data as well."
    yield f"Of the base model {experiment.model.address}: as its publisher states."
    for data in _trained_on(experiment, recipe):
        said = licences.get(str(data.task), "unknown") if data.source == "task" else "as its publisher states"
        yield f"Of {_named(data)}: {said}."


def by_peft(recipe: Recipe) -> bool:
    """Say whether PEFT alone loads what the recipe trains.

    A recipe in stages is replayed, and so is one on a base with an adapter merged; others have formats of their own.
    """
    return recipe.peft is not None and not recipe.stages and not recipe.merges_first


def _loading(experiment: Experiment, recipe: Recipe, place: str, subfolder: str | None) -> str:
    """Return a section with the Python that loads an adapter onto its base."""
    lines = ["", "## How to load it", ""]
    if not by_peft(recipe):
        lines += ["`harness.evaluate` takes the cell's folder in its run: PEFT alone does not know what it holds.", ""]
        return "\n".join(lines)
    model, where = experiment.model, "" if subfolder is None else f", subfolder={json.dumps(subfolder)}"
    base = f"{json.dumps(model.id)}, revision={json.dumps(model.revision)}" if model.source == "hub" else '"BASE"'
    said = "" if model.source == "hub" else f"  # {json.dumps(model.address)} in transformers' format"
    lines += [
        "```python",
        "from peft import PeftModel",
        "from transformers import AutoModelForCausalLM",
        "",
        f"base = AutoModelForCausalLM.from_pretrained({base}){said}",
        f"model = PeftModel.from_pretrained(base, {json.dumps(place)}{where})",
        "```",
        "",
    ]
    return "\n".join(lines)

"""Layers ranked by other rows than train: other cells, checked rows, the choice those make, refused mistakes."""

import json
from dataclasses import replace

import pytest

from harness.codec import decode
from harness.diagnostics import check_diagnostics
from harness.errors import RecipeError, SourceError, SpecError, TaskError
from harness.execution.clock import Clock
from harness.execution.course import course_of
from harness.execution.unit import CellWork
from harness.measured import ChoiceStability, LayerChoice
from harness.plan.cells import plan_cells
from harness.preflight.contamination import all_training_passages
from harness.preflight.content import content_at_hand, rows_of
from harness.preflight.unknown import Unknown
from harness.report.sections.diagnostics import diagnostics_tables
from harness.sources import models
from harness.spec import load, lock, unlock
from harness.spec.records import Data
from helpers.prepared import content, ids
from helpers.watchers import run

RANKED = {"strategy": "gradient", "count": 1}


def other_rows(folder, answer="far"):
    rows = [{"prompt": f"where is {n} ?", "completion": f" {answer} {n}"} for n in range(12)]
    (folder / "adapters" / "far.jsonl").write_text("\n".join(map(json.dumps, rows)))


@pytest.fixture
def spec(tiny_spec):
    """The tiny experiment with recipes that choose a layer by the training rows, and by those of a file."""
    folder, declared = tiny_spec.parent, json.loads(tiny_spec.read_text())
    (folder / "adapters").mkdir(exist_ok=True)
    other_rows(folder)
    own = {"extends": "lora--tiny", "layers": RANKED, "probe_batches": 1}
    far = {"extends": "lora--own", "layers": {"data": {"source": "jsonl", "path": "far.jsonl"}}}
    for name, recipe in {"own": own, "far": far}.items():
        (folder / "adapters" / f"lora--{name}.json").write_text(json.dumps(recipe))
    declared["recipes"] = [*declared["recipes"], "lora--own", "lora--far"]
    declared["comparison"] = {**declared.get("comparison", {}), "candidates": ["lora--tiny", "lora--own", "lora--far"]}
    tiny_spec.write_text(json.dumps(declared))
    return tiny_spec


def digests(experiment, found=None):
    return ids(plan_cells(experiment, found or content(experiment)))


def test_a_path_counts_from_the_recipe_and_a_lock_keeps_it(spec):
    experiment = load(spec)
    data = experiment.recipes[-1].layers.data
    assert data.path == str(spec.parent / "adapters" / "far.jsonl")
    assert unlock(json.loads(json.dumps(lock(experiment)))) == experiment


def test_cells_are_told_apart_by_what_the_rows_are_and_not_by_where_they_lie(spec):
    before = digests(load(spec))
    assert len(set(before.values())) == len(before)
    far = spec.parent / "adapters" / "far.jsonl"
    moved = far.rename(far.with_name("moved.jsonl"))
    recipe = spec.parent / "adapters" / "lora--far.json"
    recipe.write_text(recipe.read_text().replace("far.jsonl", moved.name))
    assert digests(load(spec)) == before
    other_rows(spec.parent, answer="near")
    (spec.parent / "adapters" / "far.jsonl").rename(moved)
    after = digests(load(spec))
    assert {each for each in before if before[each] != after[each]} == {"lora--far"}


def test_a_plan_of_what_is_not_at_hand_tells_them_apart(spec):
    experiment = replace(load(spec), data=Data(source="hub", id="org/absent", revision="main"))
    found = digests(experiment, content_at_hand(experiment, Unknown()))
    assert len(set(found.values())) == len(found)


def test_rows_that_rank_layers_are_held_against_what_is_scored(spec):
    experiment = load(spec)
    assert any("layers.data of lora--far" in each.id for each in all_training_passages(experiment))


def test_a_run_adapts_the_layers_that_the_other_rows_rank_first(spec, tmp_path):
    declared = json.loads(spec.read_text())
    spec.write_text(json.dumps({**declared, "diagnostics": ["layer_choice"]}))
    ledger, _ = run(spec, tmp_path / "runs" / "tiny")
    choices = {}
    for each in ledger.outcomes:
        if each.cell.recipe in {"lora--own", "lora--far"}:
            choice = decode(LayerChoice, each.training.measurements["layer_choice"].details)
            choices[each.cell.recipe, each.cell.seed] = choice
            assert choice.chosen == each.training.layers
            assert choice.norms == each.training.probes[0].scores
    assert {choice.rows for (recipe, _), choice in choices.items() if recipe == "lora--far"} == {"far.jsonl"}
    assert choices["lora--own", 1].norms != choices["lora--far", 1].norms
    stability = decode(ChoiceStability, ledger.measurements["layer_choice_stability"].details)
    assert {each.recipes for each in stability.agreements} >= {("lora--own", "lora--far")}
    titles = [table.title for table in diagnostics_tables(ledger)]
    assert any("ranked alike" in title for title in titles)
    assert any("chosen by data" in title for title in titles)


def test_rows_that_changed_since_are_refused(spec, tmp_path):
    experiment = load(spec)
    found = content(experiment)
    (planned,) = [each for each in plan_cells(experiment, found) if each.cell.recipe == "lora--far"][:1]
    work = CellWork(
        experiment=experiment, planned=planned, folder=tmp_path / "r" / "cells" / "c", device="cpu", content=found
    )
    assert course_of(work, planned.recipe, Clock(lambda *_: None)).ranking is not None
    other_rows(spec.parent, answer="near")
    with pytest.raises(SourceError, match="rows that layers are ranked by changed"):
        course_of(work, planned.recipe, Clock(lambda *_: None))


def test_the_diagnostic_is_refused_where_nothing_is_ranked(tiny_spec):
    tiny_spec.write_text(json.dumps(json.loads(tiny_spec.read_text()) | {"diagnostics": ["layer_choice"]}))
    with pytest.raises(RecipeError, match="no recipe chooses layers by data"):
        check_diagnostics(load(tiny_spec), None)


def test_too_few_rows_are_told_with_the_recipe(spec):
    (spec.parent / "adapters" / "far.jsonl").write_text("")
    with pytest.raises((TaskError, SpecError), match="far"):
        rows_of(load(spec), models.tokenizer(load(spec).model))


MISTAKES = {
    "a strategy that reads none": (
        {"strategy": "last", "count": 1, "data": {"source": "task", "task": "sums"}},
        "reads none",
    ),
    "no strategy": ({"data": {"source": "task", "task": "sums"}, "strategy": "all"}, "reads none"),
    "no file": ({**RANKED, "data": {"source": "jsonl", "path": "gone.jsonl"}}, "there is no file"),
    "no task": ({**RANKED, "data": {"source": "task", "task": "nowhere"}}, "'nowhere' is not a task"),
    "a share": ({**RANKED, "data": {"source": "task", "task": "sums", "share": 0.5}}, "belongs to a mix"),
    "no source": ({**RANKED, "data": {"task": "sums"}}, "source"),
    "a name alone": ({**RANKED, "data": "sums"}, "layers.data"),
}


@pytest.mark.parametrize(("layers", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_with_their_place(spec, layers, said):
    recipe = spec.parent / "adapters" / "lora--far.json"
    recipe.write_text(json.dumps({"extends": "lora--tiny", "layers": layers}))
    with pytest.raises(SpecError) as caught:
        load(spec)
    assert any(said in str(problem) and "layers" in str(problem) for problem in caught.value.problems)

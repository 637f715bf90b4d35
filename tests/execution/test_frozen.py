"""The frozen prefix in a whole run: nothing but time changes, and the ledger says what was read."""

import json

import pytest
from transformers import LlamaForCausalLM

from harness.api import compare
from harness.execution.frozen import prefix_of
from harness.execution.unit import CellWork
from harness.plan.cells import PlannedCell
from harness.plan.content import Content
from harness.records import Cell
from harness.spec import load
from harness.spec.records import Layers
from helpers.tiny_llama import tiny_config
from helpers.watchers import run


def declared(spec, **execute):
    spec.write_text(json.dumps({**json.loads(spec.read_text()), "execute": execute}))
    return spec


def samples(done):
    return {
        path.relative_to(done.folder).parts[1:4]: [
            each["filtered_resps"] for each in map(json.loads, path.read_text().splitlines())
        ]
        for path in sorted(done.folder.glob("cells/*/eval/*/samples_*.jsonl"))
    }


def test_scores_ids_and_verdict_are_those_without_it_and_the_ledger_says_what_was_read(tiny_spec, tmp_path):
    done, _ = run(tiny_spec, tmp_path / "runs" / "with")
    plain, _ = run(declared(tiny_spec, frozen_prefix=False), tmp_path / "elsewhere" / "without")
    assert samples(done) == samples(plain)
    assert done.cell_ids == plain.cell_ids
    assert json.dumps(compare(done.folder).to_json()) == json.dumps(compare(plain.folder).to_json())
    used = {each.cell.id.partition("--s")[0]: each.evaluations[0].prefix for each in done.outcomes}
    base = next(each for name, each in used.items() if name.startswith("base"))
    tuned = used["lora--tiny"]
    assert (base.layers, base.read, base.notes) == ((1,), 0, ())
    assert (tuned.layers, tuned.kept, tuned.difference, tuned.notes) == ((1,), 0, 0.0, ())
    assert base.kept == tuned.read > 0
    assert used["full--default"] is None
    assert [each.evaluations[0].prefix for each in plain.outcomes] == [None] * 5
    costs = {each.cell.recipe: each.costs.seconds for each in done.outcomes}
    assert costs["base"]["prefix"] > 0
    assert "prefix" not in costs["lora--tiny"]
    assert not (done.folder / "prefix").exists()


def test_training_starts_at_the_lowest_layer_where_that_is_asked_for(tiny_spec, tmp_path):
    plain, _ = run(tiny_spec, tmp_path / "runs" / "plain")
    done, _ = run(declared(tiny_spec, frozen_training=True), tmp_path / "elsewhere" / "frozen")
    full, *tuned = [
        [each for each in done.outcomes if each.cell.recipe == recipe and each.cell.seed in seeds]
        for recipe, seeds in (("full--default", {1, 2}), ("lora--tiny", {1}), ("lora--tiny", {2}))
    ]
    assert [each.training.prefix for each in full] == [None, None]
    (first,), (second,) = tuned
    assert (first.training.prefix.notes, second.training.prefix.notes) == ((), ())
    assert first.training.prefix.kept > second.training.prefix.kept == 0
    assert second.training.prefix.read == second.training.steps + 1
    assert first.costs.seconds["prefix"] > 0
    other = next(each for each in plain.outcomes if each.cell.recipe == "lora--tiny")
    assert first.training.losses == pytest.approx(other.training.losses, abs=1e-4)
    assert not (done.folder / "prefix").exists()


def test_a_folder_that_takes_nothing_changes_nothing_and_is_said(tiny_spec, tmp_path):
    folder = tmp_path / "runs" / "tiny"
    folder.mkdir(parents=True)
    (folder / "prefix").write_text("in the way")
    done, _ = run(tiny_spec, folder, seeds=(1,))
    notes = {each.cell.recipe: each.evaluations[0].prefix for each in done.outcomes}
    assert "takes no more" in notes["base"].notes[0]
    assert (notes["base"].kept, notes["lora--tiny"].read) == (0, 0)


@pytest.mark.parametrize(
    ("layers", "kept"),
    [
        ([[Layers(strategy="last", fraction=0.5)]], (2,)),
        ([[Layers(strategy="last", count=1)], [Layers(strategy="list", indices=(-2,))], [Layers()]], (2, 3)),
        ([[Layers(strategy="first", count=1)]], None),
        ([[Layers(strategy="gradient", count=1)]], None),
        ([[Layers(strategy="random", count=1)]], None),
        ([[Layers(strategy="last", count=1), Layers(strategy="middle", count=2)]], (1,)),
        ([[Layers(strategy="last", count=1), Layers()]], None),
        ([], None),
    ],
)
def test_the_base_keeps_what_recipes_to_come_will_read(layers, kept, tiny_spec, tmp_path):
    work = CellWork(
        experiment=load(tiny_spec),
        planned=PlannedCell(cell=Cell(id="base", recipe="base", seed=None), recipe=None, suites={}),
        folder=tmp_path / "cells" / "base",
        device="cpu",
        content=Content(model="", tokenizer="", rows="", suites={}),
        layers=tuple(map(tuple, layers)),
    )
    found = prefix_of(work, LlamaForCausalLM(tiny_config()), None)
    assert (None if found is None else found.used().layers) == kept

"""Rankings of layers as they were noted: their share, and how alike they are over seeds, sizes and rows."""

from dataclasses import replace

import pytest

from harness.codec import decode
from harness.diagnostics import Probes, StoredCell
from harness.diagnostics.layer_choice import STABILITY, LayersChosen
from harness.measured import ChoiceStability, LayerChoice
from harness.methods.adapt import adapt
from harness.records import Cell, Measurement
from harness.spec.records import Data, Layers, Recipe
from harness.testing.diagnostics import DiagnosticContract
from helpers.changed import subject_of
from helpers.records import cell_result, training

LORA = Recipe(
    method="lora",
    name="half",
    peft={"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "target_modules": "all-linear"},
    layers=Layers(strategy="gradient", count=2),
    probe_batches=3,
)


def taken(model, recipe, folder, **read):
    diagnostic = LayersChosen()
    diagnostic.begin(recipe, recipe, Probes())
    return diagnostic.after(subject_of(adapt(model, recipe, seed=0, **read), folder))


def test_the_share_is_that_of_the_chosen_layers(tiny, batches, tmp_path):
    measured = taken(tiny(), LORA, tmp_path, batches=batches)
    found = decode(LayerChoice, measured.details)
    assert (found.rows, found.batches, len(found.norms), len(found.chosen)) == ("training rows", 3, 4, 2)
    assert found.share == measured.value == pytest.approx(sum(sorted(found.norms)[-2:]))
    assert sum(found.norms) == pytest.approx(1)


def test_other_rows_rank_the_layers_and_are_named(tiny, batches, tmp_path):
    other = replace(LORA, layers=replace(LORA.layers, data=Data(source="task", task="manual")))

    def backwards():
        for batch in batches():
            yield {name: each.flip(1) for name, each in batch.items()}

    mine, theirs = (taken(tiny(), recipe, tmp_path, batches=batches, ranking=backwards) for recipe in (LORA, other))
    assert theirs.details["rows"] == "manual"
    assert theirs.details["norms"] != mine.details["norms"]
    again = taken(tiny(), LORA, tmp_path, batches=backwards)
    assert theirs.details["norms"] == again.details["norms"]


def test_a_recipe_that_ranks_nothing_says_so(tiny, tmp_path):
    measured = taken(tiny(), replace(LORA, layers=Layers(strategy="last", count=2)), tmp_path)
    assert (measured.value, set(measured.details)) == (None, {"reason"})


def stored(folder, recipe, seed, norms, rows="training rows", batches=5, count=2):
    chosen = tuple(sorted(sorted(range(len(norms)), key=lambda each: -norms[each])[:count]))
    choice = {
        "rows": rows,
        "batches": batches,
        "norms": [each / sum(norms) for each in norms],
        "chosen": list(chosen),
        "share": sum(norms[each] for each in chosen) / sum(norms),
    }
    found = {"layer_choice": Measurement(name="layer_choice", value=choice["share"], details=choice)}
    cell = Cell(id=f"{recipe}--s{seed}", recipe=recipe, seed=seed, model="m")
    return StoredCell(result=cell_result(cell, train_info=training(measurements=found)), folder=folder / cell.id)


def test_seeds_and_domains_are_held_against_each_other(tmp_path):
    up, down = (1, 2, 3, 4), (4, 3, 2, 1)
    cells = [stored(tmp_path, "lora--a", seed, up) for seed in (1, 2, 3)]
    cells += [stored(tmp_path, "lora--b", seed, down, rows="manual") for seed in (1, 2)]
    cells += [stored(tmp_path, "lora--more", seed, up, count=3) for seed in (1, 2, 3)]  # ranks as lora--a does
    found = decode(ChoiceStability, LayersChosen.across(cells)[STABILITY].details).agreements
    assert [each.recipes for each in found] == [("lora--a",) * 2, ("lora--b",) * 2, ("lora--a", "lora--b")]
    seeds, few, domains = found
    assert (seeds.mean, seeds.low, seeds.high, seeds.in_common) == (1, 1, 1, 1)
    assert seeds.pairs == ((1, 2), (1, 3), (2, 3))
    assert (few.low, few.high) == (None, None)
    assert (domains.mean, domains.in_common, domains.by_chance) == (-1, 0, 0.5)
    assert domains.pairs == ((1, 1), (2, 2))
    assert domains.read == ("training rows, 5 batches", "manual, 5 batches")


def test_rankings_that_differ_have_an_interval_around_their_mean(tmp_path):
    norms = [(1, 2, 3, 4, 5), (1, 2, 3, 5, 4), (2, 1, 3, 4, 5), (1, 3, 2, 4, 5)]
    cells = [stored(tmp_path, "lora--a", seed, each) for seed, each in enumerate(norms)]
    (found,) = decode(ChoiceStability, LayersChosen.across(cells)[STABILITY].details).agreements
    assert len(found.correlations) == 6
    assert found.low < found.mean < found.high <= 1


def test_without_rankings_there_is_nothing_across(tmp_path):
    cell = Cell(id="lora--a--s1", recipe="lora--a", seed=1, model="m")
    bare = {"layer_choice": Measurement(name="layer_choice", details={"reason": "none"})}
    cells = [StoredCell(result=cell_result(cell, train_info=training(measurements=bare)), folder=tmp_path)]
    assert LayersChosen.across(cells) == {}
    assert LayersChosen.across([stored(tmp_path, "lora--a", 1, (1, 2))]) == {}


class TestLayersChosen(DiagnosticContract):
    @pytest.fixture
    def make(self):
        return LayersChosen

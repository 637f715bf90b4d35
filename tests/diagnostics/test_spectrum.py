"""Spectra of changes whose answer is known: of a planted rank, of nothing, of noise; and across cells."""

import json

import pytest
import torch

from harness.codec import decode
from harness.diagnostics import StoredCell
from harness.diagnostics.singular import decompose, effective_rank, intruders, left_vectors
from harness.diagnostics.spectrum import Spectra
from harness.diagnostics.subspaces import cosines
from harness.diagnostics.updates import Factors, differences, factors, matrices
from harness.errors import RecipeError
from harness.measured import Spectrum
from harness.methods.adapt import adapt
from harness.methods.traits import traits
from harness.preflight.prepare import prepare
from harness.records import Cell, Measurement
from harness.spec import load
from harness.spec.records import Layers, Recipe
from harness.testing.diagnostics import DiagnosticContract
from helpers.changed import drawn, follow_change, matrices_of_layer, plant, plant_in_factors, subject_of
from helpers.records import cell_result, training

FULL = Recipe(method="full", name="two", layers=Layers(strategy="list", indices=(1,)))


def lora(**block):
    peft = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 12, "target_modules": "all-linear"}
    return Recipe(method="lora", name="tried", peft={**peft, **block})


def taken(model, recipe, folder, change=lambda adapted: None, **options):
    """Follow a training that is `change`, and return the measurement and what it says."""
    found = follow_change(Spectra(**options), model, recipe, folder, change)
    return found, decode(Spectrum, found.details)


def test_a_planted_rank_is_found_in_full_fine_tuning(build, tmp_path):
    def change(adapted):
        for module in matrices_of_layer(adapted.model, 1):
            plant(module, 3)

    measured, found = taken(build(), FULL, tmp_path, change, top=5)
    assert (found.of, found.exact) == ("difference", False)
    assert len(found.modules) == len(matrices_of_layer(build(), 1))
    for each in found.modules:
        # Values that are rounding's, five orders below, take up a little of the entropy.
        assert (each.effective, each.stable) == (pytest.approx(3, rel=1e-3), pytest.approx(3, rel=1e-4))
        assert (each.share, each.norm) == (pytest.approx(1), pytest.approx(3**0.5, rel=1e-5))
    assert measured.value == pytest.approx(3, rel=1e-3)
    assert found.decay == pytest.approx((1, 1, 1, 0, 0), abs=1e-4)


def test_a_planted_rank_is_found_in_an_adapter_with_its_scaling(build, tmp_path):
    _, found = taken(build(), lora(), tmp_path, plant_in_factors)
    assert (found.of, found.exact) == ("factors", True)
    for each in found.modules:
        assert each.effective == pytest.approx(2, rel=1e-5)
        assert each.largest == pytest.approx(12 / 4, rel=1e-5)
    assert found.decay == pytest.approx((1, 1, *[0] * 14), abs=1e-5)


@pytest.mark.parametrize("recipe", [FULL, lora()], ids=["full", "lora"])
def test_an_identical_model_has_no_spectrum_and_no_intruders(build, tmp_path, recipe):
    _, found = taken(build(), recipe, tmp_path)
    assert found.modules
    for each in found.modules:
        figures = (each.norm, each.largest, each.effective, each.stable, each.share, each.intruders)
        assert figures == (0.0,) * 5 + (0,)
    assert found.decay == ()


def test_noise_has_many_directions_and_none_that_leads(build, tmp_path):
    def change(adapted):
        for module in matrices_of_layer(adapted.model, 1):
            module.weight += 1e-3 * drawn(*module.weight.shape)

    _, found = taken(build(), FULL, tmp_path, change, top=8)
    for each in found.modules:
        assert each.effective > 7
        assert each.stable > 7
        assert 0 < each.share < 0.8
        assert each.intruders == 0  # too small to turn a leading direction


def test_a_large_direction_that_the_base_has_not_is_an_intruder(build, tmp_path):
    def change(adapted):
        for module in matrices_of_layer(adapted.model, 1):
            plant(module, 2, size=100.0)

    _, found = taken(build(), FULL, tmp_path, change)
    assert {each.intruders for each in found.modules} == {2}
    _, without = taken(build(), FULL, tmp_path, change, leading=0)
    assert {each.intruders for each in without.modules} == {None}


@pytest.mark.parametrize(
    ("block", "low_rank"),
    [
        ({}, True),
        ({"use_rslora": True}, True),
        ({"peft_type": "ADALORA", "r": None, "init_r": 4, "target_r": 2, "total_step": 10}, True),
        ({"use_dora": True}, False),
        ({"init_lora_weights": "pissa"}, False),
        ({"peft_type": "LOHA", "lora_alpha": None, "alpha": 8}, False),
        ({"peft_type": "IA3", "r": None, "lora_alpha": None}, False),
    ],
    ids=["lora", "rslora", "adalora", "dora", "pissa", "loha", "ia3"],
)
def test_what_is_taken_apart_is_what_the_adapted_module_does_beyond_the_base(tiny, block, low_rank):
    """The whole matrix is what an adapted module gives for each input alone, before anything is merged."""
    model = tiny()
    before = matrices(model)
    fields = {**lora().peft, "target_modules": ["q_proj", "down_proj"], **block}
    recipe = Recipe(method="m", name="n", peft={key: value for key, value in fields.items() if value is not None})
    adapted = adapt(model, recipe, seed=0)
    with torch.no_grad():
        for weight in adapted.model.parameters():
            if weight.requires_grad:
                weight.add_(0.1 * drawn(*weight.shape))
    whole = {name: done_by(adapted.model, name) for name in before}
    assert traits(recipe).low_rank is low_rank
    changed = {name: each.product for name, each in factors(adapted)} if low_rank else {}
    for found in filter(None, (changed, dict(differences(adapted, before)))):
        assert len(found) == 8
        for name, change in found.items():
            assert torch.allclose(before[name] + change, whole[name], atol=1e-5)
            assert change.abs().max() > 1e-3


@torch.no_grad()
def done_by(model, name):
    """Return the matrix that a module is to its inputs."""
    (module,) = [each for full, each in model.named_modules() if full.endswith(name)]
    return module(torch.eye(module.in_features)).T


def test_the_randomised_values_and_vectors_are_the_exact_ones():
    matrix = drawn(90, 70) * torch.logspace(0, -3, 70)
    taken_apart = decompose(matrix, 6)
    left, values, right = torch.linalg.svd(matrix.double())
    assert not taken_apart.exact
    assert torch.allclose(taken_apart.values, values[:6], rtol=1e-6)
    assert torch.allclose(cosines(taken_apart.left, left[:, :6]), torch.ones(6).double(), atol=1e-5)
    assert torch.allclose(cosines(taken_apart.right, right[:6].T), torch.ones(6).double(), atol=1e-5)
    assert taken_apart.norm == pytest.approx(float(matrix.norm()))
    assert effective_rank(taken_apart.values) < effective_rank(values)


def test_a_product_is_taken_apart_without_being_formed():
    product = Factors(drawn(30, 3), drawn(3, 20, seed=1))
    found = decompose(product, 2)
    assert torch.allclose(found.values, torch.linalg.svdvals(product.product.double())[:3], rtol=1e-6)
    assert torch.allclose(found.left * found.values @ found.right.T, product.product.double(), atol=1e-6)


@pytest.mark.parametrize("shape", [(40, 25), (25, 40)])
def test_left_vectors_are_those_of_all_values(shape):
    matrix = drawn(*shape)
    expected = torch.linalg.svd(matrix.double(), full_matrices=False).U
    found = left_vectors(matrix)
    assert torch.allclose((found.T @ expected).abs(), torch.eye(25).double(), atol=1e-6)


def test_a_direction_that_is_turned_by_less_is_no_intruder():
    base = torch.diag(torch.tensor([3.0, 2.0, 1.0, 0.5]))
    change = torch.zeros(4, 4)
    change[3, 0] = 1.5  # turns the first direction towards the fourth, by less than 45 degrees
    assert intruders(base, change, leading=1, below=0.5) == 0
    assert intruders(base, change, leading=1, below=0.95) == 1


def stored(folder, recipe, seed, values, basis):
    """A cell that changed one module along the columns of `basis`."""
    measured = Spectra.name
    change = Factors(basis * values, basis.T)
    taken_apart = decompose(change, 4)
    folder.mkdir()
    subject = subject_of(None, folder)
    arrays = {"m.values": taken_apart.values, "m.left": taken_apart.left[:, :4], "m.right": taken_apart.right[:, :4]}
    measurement = Measurement(name=measured, arrays=subject.store(measured, {k: v.float() for k, v in arrays.items()}))
    cell = Cell(id=f"lora--{recipe}--s{seed}--00000000", recipe=recipe, seed=seed)
    result = cell_result(cell, train_info=training(measurements={measured: measurement}))
    return StoredCell(result=result, folder=folder)


def test_cells_are_held_against_each_other_by_seed_and_by_recipe(tmp_path):
    whole = torch.linalg.qr(drawn(40, 40)).Q
    values = torch.tensor([3.0, 2.0])
    first, again = whole[:, :2], whole[:, [0, 5]]
    cells = [
        stored(tmp_path / "a1", "a", 1, values, first),
        stored(tmp_path / "a2", "a", 2, values, again),
        stored(tmp_path / "b1", "b", 1, values, whole[:, 8:10]),
    ]
    found = Spectra.across(cells)
    assert set(found) == {"spectrum_between_seeds", "spectrum_between_recipes"}
    (seeds,) = found["spectrum_between_seeds"].details["pairs"]
    assert (seeds["left"], seeds["right"], seeds["overlap"]) == (pytest.approx(0.5, abs=1e-5),) * 3
    assert seeds["by_chance"] == pytest.approx(2 / 40)
    (recipes,) = found["spectrum_between_recipes"].details["pairs"]
    assert recipes["cells"] == ["a1", "b1"]
    assert recipes["left"] == pytest.approx(0, abs=1e-5)


PROMPT = {"peft": {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 2}}


def with_prompt(spec, **options):
    (spec.parent / "adapters" / "prompt--tiny.json").write_text(json.dumps(PROMPT))
    written = json.loads(spec.read_text())
    written["recipes"].append("prompt--tiny")
    written["comparison"]["candidates"].append("prompt--tiny")
    written["diagnostics"] = [{"name": "spectrum", "options": options}]
    spec.write_text(json.dumps(written))
    return load(spec)


def test_a_prompt_has_no_spectrum_and_is_refused_before_anything_is_trained(tiny_spec):
    experiment = with_prompt(tiny_spec)
    with pytest.raises(RecipeError) as caught:
        prepare(experiment, on_stage=lambda _: pytest.fail("began to prepare"))
    assert str(caught.value) == (
        "the diagnostic spectrum: prompt--tiny has no spectrum: PROMPT_TUNING changes no weight matrix. Name those "
        "that have one in `options.recipes`: full--default, lora--tiny."
    )


def test_it_is_taken_of_the_recipes_that_are_named(tiny_spec, tmp_path, build):
    experiment = with_prompt(tiny_spec, recipes=["lora--tiny"])
    assert list(Spectra(recipes=["lora--tiny"]).check(experiment, None)) == []
    (reason,) = Spectra(recipes=["lora--tyni"]).check(experiment, None)
    assert "`options.recipes` names 'lora--tyni'. The experiment has: full--default, lora--tiny" in reason
    found = follow_change(Spectra(recipes=["other--one"]), build(), FULL, tmp_path)
    assert (found.passed, found.value, found.arrays) == (None, None, None)
    assert found.details == {"reason": "not among options.recipes"}


class TestContractOfAdapters(DiagnosticContract):
    @pytest.fixture
    def make(self):
        return lambda: Spectra(top=2, leading=3)


class TestContractOfFullFineTuning(DiagnosticContract):
    @pytest.fixture
    def make(self):
        return lambda: Spectra(top=2, leading=3)

    @pytest.fixture
    def recipe(self):
        return FULL

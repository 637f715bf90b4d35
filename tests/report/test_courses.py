"""What diagnostics found, drawn: a panel a domain, suite or measure, a line a cell, and the same numbers as a table."""

from types import SimpleNamespace

import pytest

from harness.codec import encode
from harness.measured import (
    ActivationShift,
    AttentionDrift,
    DomainActivations,
    DomainAttention,
    DomainRepresentation,
    LayerChoice,
    Look,
    ModuleSpectrum,
    Monitored,
    MovedUnit,
    Path,
    Point,
    RepresentationDrift,
    Spectrum,
)
from harness.records import Cell, Measurement
from harness.report.sections.courses import diagnostics_figures
from harness.report.sections.diagnostics import diagnostics_tables
from helpers.records import cell_result, training

ATTENTION = DomainAttention(
    texts=2, queries=9, distance=(0.1, 0.3), entropy_base=(2.0, 3.0), entropy=(2.5, 2.0), farthest=(1, 0)
)
REPRESENTATION = DomainRepresentation(texts=2, tokens=9, features=4, cka=(1.0, 0.9))
MOST = tuple(MovedUnit(layer=1, unit=unit, base=0.1, tuned=0.9) for unit in range(5))
ACTIVATIONS = DomainActivations(texts=2, tokens=9, units=8, moved=2, share=(0.0, 0.5), most=MOST)
RANKS = ((0, "q", 2.0), (0, "v", 4.0), (11, "q", 8.0))
SPECTRUM = Spectrum(
    of="product",
    exact=True,
    top=16,
    leading=10,
    below=0.5,
    modules=tuple(
        ModuleSpectrum(
            module=f"model.layers.{layer}.{name}", norm=1.0, largest=1.0, effective=rank, stable=1.0, share=1.0
        )
        for layer, name, rank in RANKS
    ),
    decay=(1.0, 0.5),
)
LOOKS = (
    Look(step=0, train=3.0, held_out=3.5, guard={"world": 0.8}, outside={"far": 0.3}, gradient=2.0),
    Look(step=10, train=1.0, held_out=2.5, guard={"world": 0.6}, outside={"far": 0.2}, rank=1.5, gradient=1.0),
)
PATH = Path(
    items=8,
    checkpoints=(Point(at=10, scores={"near": 0.2, "far": 0.1}), Point(at=20, scores={"near": 0.4})),
    missed=(),
    line=(Point(at=0.0, scores={"near": 0.0, "far": 0.0}), Point(at=1.0, scores={"near": 0.4, "far": 0.2})),
)
DETAILS = {
    "spectrum": SPECTRUM,
    "attention_drift": AttentionDrift(
        computed="eager", otherwise="sdpa", domains={"in_domain": ATTENTION, "out_of_domain": ATTENTION}
    ),
    "representation_drift": RepresentationDrift(domains={"in_domain": REPRESENTATION, "out_of_domain": REPRESENTATION}),
    "activations": ActivationShift(
        by=0.1, domains={"in_domain": ACTIVATIONS, "out_of_domain": ACTIVATIONS}, shared=None
    ),
    "monitors": Monitored(every=10, declared=8.0, looks=LOOKS, warnings=()),
    "training_path": PATH,
    "layer_choice": LayerChoice(rows="k8s_qa", batches=5, norms=(1.0, 3.0), chosen=(1,), share=0.75),
}


@pytest.fixture
def run():
    measured = {name: Measurement(name=name, details=encode(details)) for name, details in DETAILS.items()}
    cells = [
        cell_result(
            Cell(id=f"{recipe}--s{seed}--00000000", recipe=recipe, seed=seed),
            train_info=training(measurements=measured),
        )
        for recipe in ("full", "lora")
        for seed in (1, 2)
    ]
    return SimpleNamespace(outcomes=cells, measurements={})


@pytest.fixture
def figures(run):
    return {each.name: each for each in diagnostics_figures(run)}


BOTH = ["in-domain", "out-of-domain"]


@pytest.mark.parametrize(
    ("name", "panels", "course"),
    [
        ("spectrum-by-layer", ["all modules"], [(0, 3.0), (11, 8.0)]),
        ("singular-values", ["all modules"], [(1, 1.0), (2, 0.5)]),
        ("attention-by-layer", BOTH, [(0, 0.1), (1, 0.3)]),
        ("entropy-by-layer", BOTH, [(0, 0.5), (1, -1.0)]),
        ("similarity-by-layer", BOTH, [(0, 1.0), (1, 0.9)]),
        ("moved-by-layer", BOTH, [(0, 0.0), (1, 0.5)]),
        (
            "looks",
            ["held-out over training loss, nats", "gradient's norm", "world", "far", "effective rank"],
            [(0, 0.5), (10, 1.5)],
        ),
        ("checkpoints", ["near", "far"], [(10, 0.2), (20, 0.4)]),
        ("line", ["near", "far"], [(0.0, 0.0), (1.0, 0.4)]),
        ("norms-by-layer", ["k8s_qa"], [(0, 1.0), (1, 3.0)]),
    ],
)
def test_each_diagnostic_has_its_panels_and_a_line_a_cell(figures, name, panels, course):
    points = figures[name].data["courses"]
    assert list(dict.fromkeys(each["panel"] for each in points)) == panels
    of_one = [
        (each["x"], each["y"])
        for each in points
        if (each["panel"], each["recipe"], each["seed"]) == (panels[0], "lora", "2")
    ]
    assert of_one == [(x, pytest.approx(y)) for x, y in course]
    assert len({(each["recipe"], each["seed"]) for each in points}) == 4
    assert len(figures[name].table.rows) == 4 * len(panels)


def test_every_diagnostic_of_our_own_that_has_a_course_is_drawn(figures):
    assert len(figures) == 10


def test_a_look_that_was_not_taken_is_no_point(figures):
    ranks = [each["x"] for each in figures["looks"].data["courses"] if each["panel"] == "effective rank"]
    assert ranks == [10] * 4


def test_they_are_drawn(figures):
    pytest.importorskip("altair", reason="needs the extra `report`")
    pictures = pytest.importorskip("harness.report.render.pictures", reason="needs the extra `report`")
    for figure in figures.values():
        svg = pictures.draw(figure)
        assert svg.startswith("<svg viewBox=")
        assert "lora" in svg


def test_scores_on_the_way_stand_suite_by_suite(run):
    (table,) = [each for each in diagnostics_tables(run) if "suite" in each.headers]
    near, far, *_ = table.rows
    assert near[:5] == ("full", "1", "near", "10: 0.200, 20: 0.400", "0: 0.000, 1: 0.400")
    assert far[:5] == ("full", "1", "far", "10: 0.100", "0: 0.000, 1: 0.200")
    assert len(table.rows) == 8


def test_the_units_that_moved_most_are_named_the_first_of_them(run):
    (table,) = [each for each in diagnostics_tables(run) if "units" in each.headers]
    assert table.rows[0] == ("full", "1", "in-domain", "1/0: 0.10 to 0.90, 1/1: 0.10 to 0.90, 1/2: 0.10 to 0.90")
    assert len(table.rows) == 8


def test_spectra_of_before_their_decay_was_kept_are_drawn_without_it(run):
    of_before = encode(SPECTRUM)
    del of_before["decay"]
    measured = {"spectrum": Measurement(name="spectrum", details=of_before)}
    cell = cell_result(Cell(id="a--s1--00000000", recipe="a", seed=1), train_info=training(measurements=measured))
    names = [each.name for each in diagnostics_figures(SimpleNamespace(outcomes=[cell], measurements={}))]
    assert names == ["spectrum-by-layer"]


def test_what_was_not_measured_is_not_drawn():
    reason = {"spectrum": Measurement(name="spectrum", details={"reason": "not among options.recipes"})}
    cell = cell_result(Cell(id="a--s1--00000000", recipe="a", seed=1), train_info=training(measurements=reason))
    assert list(diagnostics_figures(SimpleNamespace(outcomes=[cell], measurements={}))) == []
    assert list(diagnostics_figures(SimpleNamespace(outcomes=[], measurements={}))) == []

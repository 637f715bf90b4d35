"""A run of ours is judged like anyone's logs, to the last digit."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.compare.design import Arm, Design, FailedRun, ScoredRun
from harness.compare.design_of_run import design_of
from harness.errors import ComparisonError
from harness.records import Cell, CellFailure, ChosenValues, Evaluation, TriedValues
from harness.spec.records import Comparison, Model, Suite
from harness.verdict import judge
from helpers.logs import arms, write
from helpers.records import cell_result

SUITES = (
    Suite(task="near", role="in_domain", metric="acc"),
    Suite(task="far", role="out_of_domain", metric="acc"),
)


@dataclass
class StandInRun:
    """What `design_of` reads of a run: the experiment, the outcomes, where cells are."""

    folder: Path
    outcomes: tuple = ()
    tuning: tuple = ()
    found: None = None
    cell_ids: tuple = ()
    items: dict = field(default_factory=dict)
    experiment: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            searches_alone=False,
            model=Model(source="hub", id="org/base"),
            seeds=(42, 123, 999),
            looks=(),
            suites=SUITES,
            controls=(),
            placebos={},
            factors=None,
            recipes=(),
            arms=(),
            comparison=Comparison(reference="full", candidates=("lora",), sesoi=0.02),
        )
    )

    def cell_folder(self, cell):
        return self.folder / cell.recipe / f"s{(42, 123, 999).index(cell.seed)}" if cell.seed else self.folder / "base"


def result(run, recipe, seed):
    cell = Cell(id=f"{recipe}-{seed}", recipe=recipe, seed=seed)
    folder = run.cell_folder(cell)
    evaluations = tuple(
        Evaluation(
            task=suite.task,
            items=60,
            metrics={},
            results="",
            samples=str(next(folder.rglob(f"samples_{suite.task}_*")).relative_to(folder)),
            scorer="",
            seconds=0.0,
        )
        for suite in SUITES
    )
    return cell_result(cell, evaluations=evaluations)


@pytest.fixture
def run(tmp_path):
    arms(tmp_path, ("near", "far"), np.random.default_rng(5), gaps=(0.2, 0.1))
    run = StandInRun(tmp_path)
    run.outcomes = tuple(result(run, recipe, seed) for seed in (42, 123, 999) for recipe in ("full", "lora"))
    return run


def test_a_run_and_its_sample_files_give_the_same_numbers(run):
    """The second design names folders only, as the command line does."""
    foreign = Design(
        reference=Arm(name="full", runs=tuple(ScoredRun(folder=run.folder / "full" / f"s{k}") for k in range(3))),
        candidates=(Arm(name="lora", runs=tuple(ScoredRun(folder=run.folder / "lora" / f"s{k}") for k in range(3))),),
        suites=SUITES,
        sesoi=0.02,
    )
    (own,), (other,) = judge(design_of(run)).comparisons, judge(foreign).comparisons
    for name in ("gap_in", "gap_out", "delta", "retention"):
        first, second = getattr(own, name), getattr(other, name)
        assert first.estimate == pytest.approx(second.estimate, abs=1e-9)
        assert first.interval == pytest.approx(second.interval, abs=1e-9)
        assert first.p == pytest.approx(second.p, abs=1e-9)
    assert own.verdict == other.verdict


def test_the_named_sample_file_is_taken_not_the_newest(run):
    before = judge(design_of(run)).comparisons[0].gap_in
    write(run.folder / "full/s0", "near", [], time="2027-01-01T00-00-00")
    assert judge(design_of(run)).comparisons[0].gap_in == before


def test_failed_and_absent_cells_are_failed_runs(run):
    failure = CellFailure(cell=run.outcomes[1].cell, kind="non_finite_loss", stage="train", message="nan at step 3")
    run.outcomes = (run.outcomes[0], failure, *run.outcomes[2:5])
    lora = design_of(run).candidates[0]
    assert [isinstance(each, FailedRun) for each in lora.runs] == [True, False, True]
    assert [each.kind for each in lora.runs if isinstance(each, FailedRun)] == ["non_finite_loss", "absent"]


def test_a_run_without_a_finished_cell_is_refused(run):
    run.outcomes = ()
    with pytest.raises(ComparisonError, match="no cell has finished"):
        design_of(run)


def test_an_unequal_search_is_told_with_the_verdict(run):
    rates = (1e-3, 1e-2, 1e-1)
    trials = tuple(TriedValues(values={"learning_rate": rate}, cell="c", validation_loss=1.0) for rate in rates)
    lora = ChosenValues(recipe="lora", values=trials[0].values, trials=trials)
    run.tuning = (lora,)
    (note,) = [note for note in judge(design_of(run)).notes if "search" in note]
    assert "lora had 3 trials each" in note
    assert "full none" in note
    run.tuning = (lora, replace(lora, recipe="full"))
    assert not [note for note in judge(design_of(run)).notes if "search" in note]


def test_the_items_that_a_suite_has_come_from_the_lock(run):
    assert design_of(run).available == {}
    run.items = {"near": 500}
    assert design_of(run).available == {"near": 500}

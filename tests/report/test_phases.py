"""The tables of a search in phases: what was kept and found, what bears it out, and what it cost."""

from types import SimpleNamespace

import pytest

from harness.compare.search_cost import search_cost
from harness.records import Cell, FoundRecipe, PhaseEntry, PhaseTrial, SearchPhase
from harness.report.render.text import render_text
from harness.report.sections.phases import confirmation_blocks, found_table, phase_blocks
from harness.statistics.speedup import SpeedUp
from helpers.records import cell_result, training


def tried(cell, loss, *, steps=20, seed=7, failure=""):
    measured = {} if failure else {"steps": steps, "probe_seconds": 1.0, "train_seconds": 11.0, "seconds": 15.0}
    return PhaseTrial(cell=cell, seed=seed, validation_loss=loss, failure=failure, **measured)


def entry(arm, *trials, kept=False, **values):
    losses = [each.validation_loss for each in trials]
    loss = None if None in losses else sum(losses) / len(losses)
    return PhaseEntry(arm=arm, values=values, trials=trials, loss=loss, margin=None, kept=kept)


FOUND = FoundRecipe(
    arm="lora--a",
    values={"learning_rate": 0.002},
    recipe="lora--a-found",
    phases=(
        SearchPhase(
            name="scan",
            entries=(
                entry("lora--a", tried("a6", 2.0, steps=5), kept=True),
                entry("lora--b", tried("b6", None, failure="killed: gone")),
            ),
        ),
        SearchPhase(name="full", entries=(entry("lora--a", tried("a20", 1.5), kept=True),)),
        SearchPhase(
            name="push",
            entries=(
                entry("lora--a", tried("a20", 1.5)),
                entry("lora--a", tried("pushed", 1.25), kept=True, learning_rate=0.002),
            ),
        ),
    ),
)


def baseline(seconds=40.0):
    cell = Cell(id="full--s1", recipe="full", seed=1, model="m")
    return cell_result(cell, train_info=training(steps=20, train_time=seconds))


def test_the_cost_counts_each_trial_once_in_full_runs_of_the_baseline():
    cost = search_cost(FOUND, [baseline(40.0), baseline(48.0)])
    assert (cost.trials, cost.failed) == (4, 1)
    assert (cost.steps, cost.train_seconds, cost.probe_seconds, cost.seconds) == (45, 33.0, 3.0, 45.0)
    assert cost.in_steps == pytest.approx(45 / 20)
    assert cost.in_time == pytest.approx(33 / 44)
    alone = search_cost(FOUND, [])
    assert (alone.in_steps, alone.in_time) == (None, None)


def test_phases_show_what_was_tried_kept_and_failed_and_what_it_cost():
    text = render_text(*phase_blocks(FOUND, search_cost(FOUND, [baseline()])))
    lines = text.splitlines()
    assert [next(i for i, line in enumerate(lines) if name in line) for name in ("quick scan", "full runs", "pushes")]
    (failed,) = [line for line in lines if "failed" in line and "lora--b" in line]
    assert "killed: gone" in failed
    assert sum("kept" in line for line in lines) == 3
    words = " ".join(text.split())
    assert "Found: lora--a with learning_rate=0.002, lora--a-found in the run." in words
    assert "4 trials (1 failed, whose time is not counted)" in words
    assert "as many steps as 2.2 and as much training time as 0.8 full runs of the baseline" in words


def test_without_a_search_nothing_is_said():
    verdicts = SimpleNamespace()
    assert list(phase_blocks(None, None)) == []
    assert list(confirmation_blocks(None, verdicts, verdicts)) == []


def test_a_search_that_is_all_says_that_nothing_confirmed_it():
    words = " ".join(render_text(found_table(FOUND)).split())
    assert "no seed but the search's has confirmed it" in words
    assert "learning_rate=0.002" in words


@pytest.mark.parametrize(
    ("low", "high", "said"), [(1.1, 1.5, "faster"), (0.5, 0.9, "slower"), (0.9, 1.1, "not settled")]
)
def test_a_speed_up_is_told_by_its_interval(low, high, said):
    speed = SpeedUp(estimate=(low * high) ** 0.5, low=low, high=high, p=0.04, pairs=3)
    own = SimpleNamespace(recipe="lora--a-found", speed_up=speed, speed_up_with_probes=None, probe_seconds=0.0)
    verdicts = SimpleNamespace(in_domain=(), comparisons=(), reference="full", level=0.95)
    (table,) = confirmation_blocks(FOUND, verdicts, SimpleNamespace(recipes=(own,)))
    assert table.rows[0][-1] == said
    assert "harness's own" in table.notes[0]

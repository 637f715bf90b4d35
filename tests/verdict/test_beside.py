"""Gains over placebos and effects of factors: families of their own, at looks those of the last one that was taken."""

from dataclasses import replace

import numpy as np
import pytest

from harness.compare.design import ABSENT, Arm, Design, FailedRun, ScoredRun, Varied
from harness.spec.records import Suite
from harness.verdict.judge import judge
from helpers.logs import arms

SEEDS = 4


@pytest.fixture
def folders(tmp_path):
    rng = np.random.default_rng(5)
    return {
        name: folder
        for k, names in enumerate((("full", "lora"), ("placebo", "rank")))
        for name, folder in zip(names, arms(tmp_path / str(k), ["k8s"], rng, seeds=SEEDS, gaps=[0.1]), strict=True)
    }


def beside(folders, *, made=SEEDS, looks=()):
    """A reference, a candidate, its placebo and a variant of it, of which so many seeds have run."""

    def arm(name):
        runs = [
            ScoredRun(folder=folder, seed=k) if k < made else FailedRun(kind=ABSENT, message="not yet", seed=k)
            for k, folder in enumerate(folders[name])
        ]
        return Arm(name=name, runs=tuple(runs))

    return Design(
        reference=arm("full"),
        candidates=(arm("lora"),),
        suites=(Suite(task="k8s", role="in_domain", metric="acc"),),
        sesoi=0.02,
        looks=looks,
        placebos=((arm("lora"), arm("placebo")),),
        varied=(Varied(arm=arm("rank"), centre=arm("lora"), levels={"rank": "2"}),),
    )


def found(design):
    verdicts = judge(design)
    (placebo,), (effect,) = verdicts.placebos, verdicts.effects
    return verdicts, placebo, effect.gap


def test_without_looks_all_seeds_count_and_the_whole_error_rate_is_spent(folders):
    verdicts, placebo, gap = found(beside(folders))
    assert placebo.seeds == gap.seeds == SEEDS
    assert verdicts.placebo_level == verdicts.effects_level == pytest.approx(0.95)
    assert placebo.gain is not None
    assert gap.gap is not None


@pytest.mark.parametrize(("made", "seeds", "level"), [(2, 2, 0.975), (3, 2, 0.975), (4, 4, 0.975)])
def test_at_looks_the_seeds_of_the_last_taken_one_count_with_its_part_of_the_error_rate(folders, made, seeds, level):
    """Seeds that were made after a look wait for the next, as they do for the verdict."""
    verdicts, placebo, gap = found(beside(folders, made=made, looks=(2, SEEDS)))
    assert verdicts.looks is not None
    assert len(verdicts.looks.taken) == (2 if made == SEEDS else 1)
    assert placebo.seeds == gap.seeds == seeds
    assert verdicts.placebo_level == verdicts.effects_level == pytest.approx(level)


def test_a_stopped_run_is_judged_as_one_that_had_no_more_seeds(folders):
    stopped = found(beside(folders, made=2, looks=(2, SEEDS)))
    first = {name: each[:2] for name, each in folders.items()}
    alone = replace(beside(first, made=2), alpha=0.025)
    assert stopped[1].gain.interval == found(alone)[1].gain.interval


def test_before_the_first_look_neither_has_a_verdict(folders):
    verdicts, placebo, gap = found(beside(folders, made=1, looks=(2, SEEDS)))
    assert verdicts.looks is not None
    assert not verdicts.looks.taken
    assert placebo.gain is None
    assert "1 of them still to be run" in placebo.notes[0]
    assert gap.verdict == "insufficient"

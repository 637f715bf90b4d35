"""Gains over placebos and effects of factors: families of their own, at looks those of the last one that was taken."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from harness.compare.design import ABSENT, Arm, Design, FailedRun, ScoredRun, Varied
from harness.report.sections.statements import general_notes
from harness.spec.records import Suite
from harness.verdict.judge import judge
from helpers.logs import arms

SEEDS = 4
SCHEMA = json.loads((Path(__file__).parents[2] / "specs/schema/verdict.schema.json").read_text(encoding="utf-8"))


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


@pytest.fixture
def guarded(tmp_path):
    """A recipe, one beside it that forgets and is also a variant of it, and another variant."""
    rng, tasks = np.random.default_rng(7), ["k8s", "world"]
    full, lora = arms(tmp_path / "one", tasks, rng, seeds=SEEDS, items=200, gaps=[0.0, 0.4])
    rank, _ = arms(tmp_path / "two", tasks, rng, seeds=SEEDS, items=200)
    base, _ = arms(tmp_path / "base", tasks, rng, seeds=1, items=200)

    def arm(name, folders):
        return Arm(name=name, runs=tuple(ScoredRun(folder=folder, seed=k) for k, folder in enumerate(folders)))

    first, second, third = arm("full", full), arm("lora", lora), arm("rank", rank)
    return Design(
        reference=first,
        candidates=(second,),
        base=arm("base", base),
        suites=(Suite(task="k8s", role="in_domain", metric="acc"), Suite(task="world", role="guard", metric="acc")),
        sesoi=0.02,
        varied=(
            Varied(arm=second, centre=first, levels={"layers": "half"}),
            Varied(arm=third, centre=first, levels={"rank": "2"}),
        ),
    )


def test_what_a_variant_forgets_beyond_its_centre_is_judged_in_a_family_of_its_own(guarded):
    verdicts = judge(guarded)
    effects = {(each.gap.candidate, each.gap.task): each.gap for each in verdicts.effects}
    (beyond,) = verdicts.extra_forgetting
    forgets = effects["lora", "world"]
    assert (beyond.verdict, forgets.verdict) == ("forgets more", "reference better")
    assert forgets.gap.estimate == beyond.gap.estimate  # the untuned model cancels in both
    assert effects["rank", "world"].verdict == "inconclusive"
    # two variants on one guard, and as many on one suite that is none
    assert verdicts.effects_guard_level == verdicts.effects_level == pytest.approx(1 - 0.05 / 2)
    rated = {(each.factor, each.task): each.rating for each in verdicts.ratings}
    assert rated["layers", "world"] == "matters"
    content = verdicts.to_json()
    assert "effects_guard_level" in content
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(content)))


def test_guards_change_nothing_of_effects_on_what_was_learned(guarded):
    learned = [each for each in judge(guarded).effects if each.gap.task == "k8s"]
    without = judge(replace(guarded, suites=guarded.learned, base=None))
    assert tuple(learned) == without.effects
    assert without.effects_guard_level is None
    assert "effects_guard_level" not in without.to_json()


def test_a_variant_that_cannot_be_compared_is_named_and_the_others_are_judged(guarded):
    whole = judge(guarded)
    broken, other = guarded.varied
    (samples,) = broken.arm.runs[1].folder.glob("*/samples_k8s_*")
    samples.unlink()
    verdicts = judge(replace(guarded, candidates=(other.arm,)))
    assert [each for each in verdicts.effects if each.gap.candidate == "rank"] == [
        each for each in whole.effects if each.gap.candidate == "rank"
    ]
    assert {each.gap.task for each in verdicts.effects if each.gap.candidate == "lora"} == {"world"}
    (missing,) = verdicts.not_compared_beside
    assert (missing.task, missing.role) == ("k8s", "in_domain")
    assert str(broken.arm.runs[1].folder) in missing.reasons[0]
    assert "layers" not in {each.factor for each in verdicts.ratings if each.task == "k8s"}
    content = verdicts.to_json()
    assert "not_compared_beside" in content
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(content)))
    (said,) = (block.text for block in general_notes(verdicts) if block.text.startswith("not judged beside"))
    assert missing.reasons[0] in said


def test_a_task_that_is_a_guard_too_keeps_its_two_roles_apart(guarded):
    """Of one metric or two: what is judged in-domain is not what is judged as a guard."""
    world = Suite(task="world", role="in_domain", metric="acc")
    verdicts = judge(replace(guarded, suites=(world, guarded.suites[1]), varied=()))
    alone = judge(replace(guarded, suites=(world,), base=None, varied=()))
    assert verdicts.in_domain[0].gap == alone.in_domain[0].gap
    assert verdicts.extra_forgetting[0].gap.estimate == alone.in_domain[0].gap.estimate
    fixed = replace(guarded, suites=(world, replace(guarded.suites[1], fixed_items=True)), varied=())
    assert judge(fixed).in_domain[0].gap == alone.in_domain[0].gap

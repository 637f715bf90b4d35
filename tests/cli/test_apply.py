"""``harness plan --within … --apply``: what is written, what is left as it was, and what is refused beforehand."""

from dataclasses import replace

import pytest

from harness.cli import main
from harness.cli.apply import apply_fit
from harness.errors import UsageError
from harness.plan.within import Fit
from harness.spec import load
from harness.spec.existing import ExistingArm, Weights


def fit(seeds, limit):
    return Fit(seeds=seeds, limit=limit, seconds=1.0, effects={}, multiple=1.0)


def test_seeds_and_limit_are_written_and_nothing_else(tiny_spec):
    before = load(tiny_spec)
    said = apply_fit(before, fit(len(before.seeds) + 2, 5), 9)
    after = load(tiny_spec)
    assert after.seeds[: len(before.seeds)] == before.seeds
    assert len(after.seeds) == len(before.seeds) + 2
    assert after.evaluation.limit == 5
    assert (after.recipes, after.comparison, after.training) == (before.recipes, before.comparison, before.training)
    assert "seeds: " in said
    assert "evaluation.limit: " in said


def test_what_it_plans_already_leaves_the_file_alone(tiny_spec):
    before = tiny_spec.read_bytes()
    one = load(tiny_spec)
    assert "as it was" in apply_fit(one, fit(len(one.seeds), 9), 9)
    assert tiny_spec.read_bytes() == before


def test_where_nothing_fits_nothing_is_written(tiny_spec):
    before = tiny_spec.read_bytes()
    with pytest.raises(UsageError, match="as it was"):
        apply_fit(load(tiny_spec), None, 9)
    assert tiny_spec.read_bytes() == before


def test_arms_that_list_a_model_a_seed_are_not_given_other_seeds(tiny_spec):
    arm = ExistingArm(name="theirs", kind="adapter", weights=(Weights(path="/a"), Weights(path="/b")))
    experiment, before = replace(load(tiny_spec), arms=(arm,)), tiny_spec.read_bytes()
    with pytest.raises(UsageError, match="4 seeds fit, and theirs list a model for each of 2"):
        apply_fit(experiment, fit(4, 5), 9)
    assert tiny_spec.read_bytes() == before
    assert "evaluation.limit" in apply_fit(experiment, fit(2, 5), 9)


@pytest.mark.run
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gap", "--apply"], "say which with --within"),
        (["gap", "--within", "2h", "--apply"], "'gap' is a shipped name"),
        (["./mine.json", "--within", "2h", "--apply", "--seeds", "1,2"], "leave --seeds, --limit and --set out"),
        (["gap", "--within", "soon"], "--within takes a time"),
        (["gap", "--within", "12.50"], "is a price, and the spec declares none"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_measured(words, said, capsys):
    assert main(["plan", *words]) == 64
    assert said in capsys.readouterr().err

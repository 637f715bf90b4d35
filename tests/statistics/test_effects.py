"""The world of normal effects is what the comparator makes of tables of such effects, without the tables."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from benchmarks.statistics import critical, labels
from benchmarks.statistics.effects import SHARED, Effects, exchangeable, first, reduced
from benchmarks.statistics.run import BOUNDED, ENOUGH, WIDEST, Bar, Run
from benchmarks.statistics.untrue import SILENT, STATEMENTS, Outcome, is_true, outcome, rates
from harness.statistics.moments import moments
from harness.verdict.rules import RULES, Label

COUNT = 4000
WORLD = Effects(gaps=((0.08, 0.04), (0.02, 0.0)), gain=0.1, seeds=4, items=30)


def tables(world, count, rng):
    """The same world item by item: (differences, domains, count, seeds, items)."""
    truths = world.truths()
    root = np.linalg.cholesky(exchangeable(len(truths), SHARED))
    domains = np.linalg.cholesky(exchangeable(world.domains, world.between_domains))
    shape = (len(truths), world.domains, count, world.seeds, world.items)
    seed = world.seed_sd * np.einsum("pq,de,qens->pdns", root, domains, rng.standard_normal(shape[:4]))
    item = world.item_sd * np.einsum("pq,qdni->pdni", root, rng.standard_normal((*shape[:3], world.items)))
    rest = world.rest_sd * np.einsum("pq,qdnsi->pdnsi", root, rng.standard_normal(shape))
    return truths[:, :, None, None, None] + seed[..., None] + item[..., None, :] + rest


def summary(found):
    """Means and covariances of everything that inference uses, over replicates."""
    rows = [[each.row_means.mean(axis=-1), each.row_means.var(axis=-1), each.total, each.trace] for each in found]
    table = np.array([column for each in rows for column in each])
    return np.concatenate([table.mean(axis=1), table.std(axis=1), np.corrcoef(table)[np.triu_indices(len(table), 1)]])


def test_moments_are_distributed_as_those_of_items():
    drawn = reduced(WORLD, COUNT, np.random.default_rng(1))
    by_items = tables(WORLD, COUNT, np.random.default_rng(2))
    fast = summary([each for row in drawn for each in row])
    slow = summary([moments(domain) for row in by_items for domain in row])
    sizes = 2 * 4 * len(WORLD.truths()) * WORLD.domains
    assert fast[:sizes] == pytest.approx(slow[:sizes], rel=0.1, abs=4e-3)
    assert np.abs(fast[sizes:] - slow[sizes:]).max() < 6 / np.sqrt(COUNT)


def test_a_larger_draw_begins_with_its_slices():
    drawn = reduced(WORLD, 50, np.random.default_rng(3))
    assert first(drawn, 20)[0][1].row_means == pytest.approx(drawn[0][1].row_means[:20])


@pytest.mark.parametrize("seeds", [2, 3, 10])
@pytest.mark.parametrize("tail", [0.025, 0.025 / 28])
def test_the_critical_value_errs_as_often_as_stated_or_less(seeds, tail):
    errors = [critical.error(seeds, tail, ratio) / tail for ratio in (0.0, 0.01, 0.1, 1.0, 10.0)]
    assert errors[0] == pytest.approx(1.0, abs=1e-3)
    assert max(errors) < 1.001


def test_every_label_of_the_code_has_a_row_in_the_table():
    world = Effects(gaps=((0.08, 0.04),), seeds=3)
    ((inside, outside),) = reduced(world, 50, np.random.default_rng(6))
    text = labels.by_label([("one kind", 3, (0.08, 0.04), rates(outcome(inside, outside, WIDEST), (0.08, 0.04)))])
    named = [row.split("|")[1].strip() for row in text.splitlines()[2:]]
    assert named == list(STATEMENTS)
    assert [name for name in named if name in {*Label}] == [each.value for each in Label]


def test_every_label_of_the_code_has_a_row_in_the_published_table():
    published = (Path(labels.__file__).parent / "results.md").read_text(encoding="utf-8")
    _, _, rows = published.partition("| verdict, 1 comparison")
    named = [row.split("|")[1].strip() for row in rows.split("\n\n")[0].splitlines()[2:]]
    assert named == list(STATEMENTS)
    assert [name for name in named if name in {*Label}] == [each.value for each in Label]


def test_no_label_is_without_a_truth_that_it_says():
    """And none is true of everything but those that say that nothing was shown."""
    silent = {*SILENT}
    truths = list(product((-0.08, -0.01, 0.0, 0.01, 0.03, 0.08), repeat=2))
    assert {rule.label for rule in RULES} | {Label.INSUFFICIENT} == {*Label}
    for label in Label:
        said = {is_true(label, *truth) for truth in truths}
        assert said == ({True} if label in silent else {True, False}), label


def test_a_label_is_wrong_by_the_lead_that_it_names():
    found = Outcome(
        label=np.array(["vanishes", "vanishes", "no in-domain gap", "inconclusive"]),
        side=np.array([1, -1, -1, 1]),
        retained=np.zeros(4, dtype=bool),
    )
    nothing = rates(found, (0.0, 0.0))
    assert (nothing.rate, nothing.either, nothing.any) == (0.25, 0.5, 0.5)
    assert rates(found, (0.08, 0.0)).any == 0.5
    assert rates(found, (-0.08, 0.0)).statement in ("vanishes", "no in-domain gap")


def test_where_nothing_was_learned_few_verdicts_pass_the_gate():
    from harness.statistics.contrast import contrast

    world = Effects(gaps=((0.08, 0.04),), gain=0.0, seeds=3)
    (inside, outside), (gain, _) = reduced(world, COUNT, np.random.default_rng(5))
    found = outcome(inside, outside, WIDEST, gain=contrast((gain,), (1.0,)))
    assert (found.label != Label.NOT_LEARNED.value).mean() < 1.2 * WIDEST + 4 * np.sqrt(WIDEST / COUNT)


def test_a_bar_is_met_by_enough_replicates_alone():
    enough, few = (Bar(what="", value=0.031, limit=0.03, replicates=n) for n in (ENOUGH, BOUNDED))
    assert not enough.met
    assert "NOT MET" in str(enough)
    assert few.met
    assert "not contradicted" in str(few)
    assert not Bar(what="", value=0.1, limit=0.03, replicates=BOUNDED).met
    assert "exact" in str(Bar(what="", value=1.0, limit=1.001, replicates=None))
    assert not Bar(what="", value=0.9, limit=0.94, replicates=ENOUGH, above=True).met


def test_smaller_tails_take_more_replicates():
    assert Run().replicates_at(WIDEST / 28) == 28 * ENOUGH
    assert Run(replicates=BOUNDED, fast=True).replicates_at(WIDEST / 28) == BOUNDED


@pytest.mark.parametrize(("value", "code"), [(0.02, 0), (0.04, 1)])
def test_the_command_ends_with_whether_every_bar_is_met(value, code, monkeypatch, capsys):
    from benchmarks.statistics import __main__ as command

    bar = Bar(what="a rate", value=value, limit=0.03, replicates=ENOUGH)
    monkeypatch.setattr(command, "PARTS", {"one": lambda run: iter(["a table", bar]), "none": lambda run: iter([])})
    assert command.main(["--part", "one", "--part", "none"]) == code
    assert ("NOT MET" in capsys.readouterr().out) == bool(code)

"""Held-out losses of a run: means over seeds, and differences from the reference's paired by seed and row."""

from dataclasses import replace

import numpy as np
import pytest

from harness.compare.held_out import held_out_losses
from harness.records import Cell
from harness.report.document import Document
from harness.report.render.text import TextRenderer
from harness.report.sections.held_out import held_out_table
from harness.spec import load
from harness.trained import HeldOut
from helpers.records import cell_result, training

TOKENS = (2, 4, 6)


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def outcome(recipe, seed, nats, tokens=TOKENS):
    held_out = None if nats is None else HeldOut(nats=tuple(nats), tokens=tokens)
    info = replace(training(), held_out=held_out)
    return cell_result(Cell(id=f"{recipe}--s{seed}", recipe=recipe, seed=seed), train_info=info)


def both(ours, theirs, **more):
    return [
        outcome(recipe, seed, nats, **(more if recipe == "lora--tiny" else {}))
        for recipe, losses in (("full--default", theirs), ("lora--tiny", ours))
        for seed, nats in enumerate(losses, start=1)
    ]


def test_the_difference_is_that_of_the_losses_by_token(experiment):
    theirs, ours = [(1.0, 2.0, 3.0), (1.2, 2.0, 2.8)], [(2.0, 3.0, 3.0), (1.2, 3.0, 3.4)]
    reference, candidate = held_out_losses(experiment, both(ours, theirs))
    assert reference.gap is None
    assert (candidate.rows, candidate.seeds, candidate.gap.seeds) == (3, 2, 2)
    losses = [sum(nats) / sum(TOKENS) for nats in ours]
    assert candidate.loss.mean == pytest.approx(np.mean(losses))
    assert candidate.gap.estimate == pytest.approx(candidate.loss.mean - reference.loss.mean)
    low, high = candidate.gap.interval
    assert low < candidate.gap.estimate < high


def test_seeds_pair_where_both_have_one(experiment):
    outcomes = both([(2.0, 3.0, 3.0), (1.0, 2.0, 3.0)], [(1.0, 2.0, 3.5)])
    _, candidate = held_out_losses(experiment, outcomes)
    assert (candidate.seeds, candidate.gap.seeds) == (2, 1)
    assert candidate.gap.estimate == pytest.approx(1.5 / sum(TOKENS))


@pytest.mark.parametrize("tokens", [(2, 4, 5), (2, 4)])
def test_other_rows_do_not_pair(experiment, tokens):
    ours = [(1.0, 2.0, 3.0)[: len(tokens)]]
    reference, candidate = held_out_losses(experiment, both(ours, [(1.0, 2.0, 3.0)], tokens=tokens))
    assert candidate.gap is None
    text = TextRenderer().render(Document(tuple(held_out_table((reference, candidate), "full--default", 0.05))))
    assert "not paired" in text


def test_a_run_without_them_has_no_table(experiment):
    assert held_out_losses(experiment, both([None], [None])) == ()
    assert list(held_out_table((), "full--default", 0.05)) == []


def test_the_table_says_what_is_subtracted_from_what(experiment):
    losses = held_out_losses(experiment, both([(2.0, 3.0, 3.5)], [(1.0, 2.0, 3.0)]))
    text = TextRenderer().render(Document(tuple(held_out_table(losses, "full--default", 0.05))))
    assert "reference" in text
    assert "+0.2083" in text
    assert "3 rows that were not trained on" in " ".join(text.split())

"""Items of a suite are counted where they are at hand, and what stands before every one of them once."""

import re
from dataclasses import replace

import pytest

from harness.preflight.suite_tokens import count_suite_tokens
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.spec import Overrides, load


def counted(experiment, unknown=None):
    """The tokens of each suite, by task."""
    tokenizer, unknown = models.tokenizer(experiment.model), unknown or Unknown()
    return {suite.task: count_suite_tokens(suite, experiment, tokenizer, unknown) for suite in experiment.suites}


def test_a_suite_that_is_not_at_hand_has_as_many_items_as_its_file_states(tiny_spec, tmp_path):
    (tmp_path / "tasks" / "sums" / "loader.py").write_text("def load(**_):\n    raise ConnectionError('no route')\n")
    far = tmp_path / "tasks" / "sums" / "sums_far.yaml"
    far.write_text(re.sub(r"(metadata:.*\n)", r"\1  counts: {test: 14042}\n", far.read_text()))
    unknown = Unknown()
    suites = counted(load(tiny_spec), unknown)
    assert (suites["sums_far"].items, suites["sums_far"].available) == (14042, 14042)
    assert (suites["sums"].items, suites["sums"].available) == (500, None)
    assert "500 items of sums" in unknown.assumed
    assert "500 items of sums_far" not in unknown.assumed


def test_the_examples_before_an_item_are_read_too(tiny_spec):
    experiment = load(tiny_spec)
    shots = replace(experiment, suites=tuple(replace(each, num_fewshot=3) for each in experiment.suites))
    without, with_three = (counted(each)["sums"] for each in (experiment, shots))
    assert with_three.tokens > 3 * without.tokens / 2
    assert with_three.answers == without.answers
    assert (without.requests, without.available) == (3, 20)


def test_examples_that_stand_before_every_item_are_read_once(tiny_spec):
    experiment = load(tiny_spec)
    (suite, *_) = experiment.suites
    plain, once, again = (
        counted(replace(experiment, suites=(replace(suite, num_fewshot=shots),), execute=execute))["sums"]
        for shots, execute in (
            (0, experiment.execute),
            (12, experiment.execute),
            (12, replace(experiment.execute, reads_once=False)),
        )
    )
    assert (plain.opening, again.opening) == (0, 0)
    assert again.read == again.items * again.tokens == once.items * once.tokens
    assert once.opening >= 32
    assert once.read == pytest.approx(once.opening + once.items * (once.tokens - once.opening))
    assert plain.read < once.read < 2 * plain.read + once.opening


def test_a_limit_leaves_the_number_of_items_that_there_are(tiny_spec):
    found = counted(load(tiny_spec, overrides=Overrides(limit=5)))["sums"]
    assert (found.items, found.available) == (5, 20)

"""A bounded sample of mutants; the long mode is ``python -m fuzz``."""

import pytest

from fuzz.mutants import HEAVY, KINDS
from fuzz.trial import tried

EACH = 50


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tens", range(EACH // 10))
def test_no_mutant_ends_in_a_traceback_or_writes_elsewhere(kind, tens):
    failed = [trial for trial in (tried(kind, seed) for seed in range(10 * tens, 10 * tens + 10)) if trial.fault]
    assert [(trial.kind, trial.seed, trial.fault, trial.printed[-300:]) for trial in failed] == []


@pytest.mark.run
@pytest.mark.parametrize("kind", HEAVY)
def test_no_experiment_that_somebody_changed_ends_in_a_traceback(kind):
    failed = [trial for trial in (tried(kind, seed) for seed in range(4)) if trial.fault]
    assert [(trial.seed, trial.fault, trial.printed[-300:]) for trial in failed] == []

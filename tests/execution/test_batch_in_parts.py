"""A device that holds no whole batch: settled once a run folder, the same in every cell, and said in the ledger."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.execution import run as running
from harness.execution.adopt import _is_rounded_alike
from harness.execution.reproduction import _besides
from harness.execution.watcher import Unwatched
from harness.ledger import RunFolder
from harness.ledger.claims import CLAIMS
from harness.ledger.run import FIT
from harness.plan.content import Content
from harness.preflight.prepared import Prepared
from harness.records import Fit
from harness.report.sections.reproduce import reproduce
from harness.testing.tiny_spec import write_tiny_spec
from helpers.watchers import run

ONE = Fit(way="measured", rows_at_once=1, recipe="full--default", rows=2, taken=5 << 30, room=6 << 30)


@pytest.fixture(scope="module")
def small(tmp_path_factory, tiny_tokenizer_folder):
    """A run on a machine that was found to hold one row."""
    spec = write_tiny_spec(tmp_path_factory.mktemp("small"), tiny_tokenizer_folder)

    def prepare(experiment, run, *others):
        assert run.fit is None
        return replace(prepared(experiment, run, *others), fit=ONE)

    prepared = running._prepare
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "_prepare", prepare)
        return run(spec, spec.parent / "runs" / "tiny", seeds=(1,))[0]


def test_it_is_in_the_lock_the_journal_and_the_record_of_every_cell(small):
    assert small.lock.execution.fit == small.fit == ONE
    assert [each["fit"]["rows_at_once"] for each in small.journal.events() if each["event"] == "settled batch"] == [1]
    assert [each.meta_info.system_info.rows_at_once for each in small.outcomes] == [1, 1, 1]
    assert [(each.training.steps, len(each.training.order)) for each in small.outcomes[1:]] == [(2, 2), (2, 2)]


def test_a_larger_machine_that_goes_on_reads_no_more_at_once(small):
    here = Prepared(
        content=Content(model="m", tokenizer="t", rows="r", suites={}),
        rows=1,
        items={},
        screening=None,
        device="cpu",
        threads=1,
        versions={},
    )
    assert running._with_settled_batch(small, here, Unwatched()).fit == ONE


def test_the_report_says_it(small):
    (said,) = [each.text for each in reproduce(small) if "at a time" in getattr(each, "text", "")]
    assert said == (
        "As memory allows, training batches are read 1 row at a time, in every cell: the memory of 6.0 GiB does not "
        "hold 2 of full--default (measured); gradients are the same up to rounding."
    )


def test_a_run_that_makes_it_again_says_where_batches_are_read_whole(small):
    lock = replace(small.lock, code=None, hardware=None)
    here = SimpleNamespace(versions={}, device="cpu", threads=lock.execution.threads, fit=Fit())
    assert "rows at once: 1 there, whole batches here" in list(_besides(lock, small.experiment, here))


def test_a_cell_that_was_trained_otherwise_is_not_taken_over(small):
    base, trained = small.outcomes[:2]
    threads = base.meta_info.system_info.threads
    for fit in (ONE, Fit()):
        here = SimpleNamespace(threads=threads, fit=fit)
        assert _is_rounded_alike(base, here)
        assert _is_rounded_alike(trained, here) is (fit == ONE)


def test_what_was_settled_before_there_was_a_lock_is_read_from_beside_the_claims(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.fit is None
    folder.settle_fit(ONE)
    assert folder.fit == ONE
    (tmp_path / CLAIMS / FIT).write_text("{")
    assert folder.fit is None

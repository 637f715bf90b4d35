"""Scores that leave a machine quote nothing that a licence keeps back, and judge as they did."""

import json
from dataclasses import replace

import pytest

import harness
from harness.cli import main
from harness.compare.exported import exported, kept_back_of
from harness.compare.sources import read_tidy
from harness.ledger.artefacts import artefact
from helpers.runs import scored_run

HIDDEN = "the term that a licence keeps back"
FLAGS = {"licence": "show it to nobody", "redistribute": False}


@pytest.fixture
def run(tmp_path, tiny_spec):
    """A run, of whose two suites one is kept back by what was logged, with clusters that quote a term."""
    run = scored_run(tmp_path / "run", tiny_spec, items=12)
    for path in run.folder.rglob("samples_sums_far_*"):
        path.write_text(path.read_text().replace('"cluster": "c', f'"cluster": "{HIDDEN} '))
        results = path.with_name(path.name.replace("samples_sums_far", "results")).with_suffix(".json")
        results.write_text(
            json.dumps({**json.loads(results.read_text()), "configs": {"sums_far": {"metadata": FLAGS}}})
        )
    for outcome in run.outcomes:
        folder = run.cell_folder(outcome.cell)
        again = (replace(e, files={name: artefact(folder / name) for name in e.files}) for e in outcome.evaluations)
        run.write_outcome(replace(outcome, evaluations=tuple(again)))
    return run


def test_what_was_kept_back_when_it_was_scored_stays_so_wherever_the_task_is_now(run):
    assert kept_back_of(run) == {"sums_far": "show it to nobody"}


def test_a_declared_flag_counts_without_a_log_of_it(run, tiny_spec):
    declared = tiny_spec.parent / "tasks" / "sums" / "sums.yaml"
    declared.write_text(declared.read_text().replace("metadata:\n", "metadata:\n  redistribute: false\n"))
    assert kept_back_of(run) == {"sums": "unknown", "sums_far": "show it to nobody"}


def test_labels_become_numbers_that_group_items_alike(run):
    before, after = list(read_tidy(run.folder)), exported(run)
    assert [each._replace(cluster=None) for each in after] == [each._replace(cluster=None) for each in before]
    pairs = {(old.suite, old.cluster, new.cluster) for old, new in zip(before, after, strict=True)}
    assert all(old == new for suite, old, new in pairs if suite == "sums")
    far = sorted((old, new) for suite, old, new in pairs if suite == "sums_far")
    assert far == [(f"{HIDDEN} {k}", f"cluster {k:06}") for k in range(6)]


def test_a_table_of_a_run_says_nothing_that_is_kept_back_and_judges_alike(run, tmp_path, capsys):
    table = tmp_path / "scores.csv"
    assert main(["report", str(run.folder), "--csv", str(table)]) == 0
    assert HIDDEN not in table.read_text()
    found = harness.compare(table, reference="full--default", candidates=["lora--tiny"], sesoi=0.02)
    (ours,) = found.comparisons
    (theirs,) = harness.compare(run.folder).comparisons
    assert (ours.verdict, ours.gap_in, ours.gap_out) == (theirs.verdict, theirs.gap_in, theirs.gap_out)

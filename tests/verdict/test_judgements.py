"""Every judgement of a run is noted, and one on seeds that were not declared is told ever after."""

import json
import shutil

import pytest

import harness
from harness.cli import main
from harness.ledger import RunFolder
from harness.ledger.files import write_json
from harness.ledger.lock import LOCK
from harness.verdict import judge_run
from helpers.runs import scored_run

ADDED = "seeds were added after a look: the error rate is not the stated one"


@pytest.fixture
def scored(tmp_path, tiny_spec):
    """Return a function that writes a run with some seeds and looks; a second call is a later start of it."""

    def scored(seeds, looks=(), **comparison):
        declared = json.loads(tiny_spec.read_text())
        declared["seeds"] = list(seeds)
        declared["comparison"] |= {"looks": list(looks), "require_gain": False, **comparison}
        tiny_spec.write_text(json.dumps(declared))
        return scored_run(tmp_path / "runs" / "tiny", tiny_spec, items=40)

    return scored


def events(run):
    return [event for event in run.journal.events() if event["event"] == "judged"]


def marks(run):
    return [note for note in judge_run(run).notes if "error rate" in note]


def test_a_judgement_is_noted_once_with_its_seeds_tail_and_labels(scored):
    run = scored([1, 2, 3])
    verdicts = judge_run(run)
    assert judge_run(run) == verdicts
    (event,) = events(run)
    assert (event["seeds"], event["share"], event["tail"]) == ([1, 2, 3], 1.0, pytest.approx(0.025))
    assert event["labels"] == {"lora--tiny, sums → sums_far": verdicts.comparisons[0].verdict}


def test_seeds_added_after_a_judgement_are_marked_in_verdict_and_report(scored):
    run = scored([1, 2, 3])
    assert marks(run) == []
    run = scored([1, 2, 3, 4, 5])
    (mark,) = marks(run)
    assert mark.startswith(ADDED)
    assert "with 3 seeds" in mark
    assert ADDED in " ".join(harness.report(run.folder).split())
    assert any(note.startswith(ADDED) for note in json.loads((run.folder / "verdict.json").read_text())["notes"])
    assert len(events(run)) == 2


def test_declared_looks_are_no_addition(scored):
    run = scored([1, 2, 3, 4, 5], looks=[3, 5])
    assert marks(run) == []
    assert [event["share"] for event in events(run)] == [pytest.approx(0.6), pytest.approx(0.4)]
    assert marks(run) == []


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (([1, 2, 3], []), ([1, 2, 3, 4, 5], [3, 5])),
        (([1, 2, 3, 4, 5], [3, 5]), ([1, 2, 3, 4, 5, 6, 7, 8], [3, 5, 8])),
        (([1, 2, 3, 4, 5], [0.6, 1]), ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0.6, 1])),
    ],
    ids=["looks after a judgement", "looks of fewer seeds", "fractions of fewer seeds"],
)
def test_looks_that_are_declared_after_a_judgement_do_not_hide_it(scored, before, now):
    judge_run(scored(before[0], looks=before[1]))
    (mark,) = marks(scored(now[0], looks=now[1]))
    assert mark.startswith(ADDED)


def test_other_seeds_are_told_too(scored):
    judge_run(scored([1, 2, 3]))
    (mark,) = marks(scored([4, 5, 6]))
    assert mark.startswith("other seeds were judged before: the error rate is not the stated one")


def test_one_seed_decides_nothing_and_marks_nothing(scored):
    judge_run(scored([1]))
    assert marks(scored([1, 2, 3])) == []


def test_other_comparisons_are_other_judgements(scored):
    run = scored([1, 2, 3])
    run.journal.append("judged", seeds=[1, 2], share=1.0, tail=0.025, labels={"another, sums → sums_far": "persists"})
    assert marks(run) == []
    run.journal.append("judged", seeds=[1, 2], share=1.0, tail=0.025, labels={"lora--tiny, sums → sums_far": "x"})
    assert len(marks(run)) == 1


def test_a_run_that_is_on_its_way_is_judged_with_the_seeds_that_have_ended(scored):
    run = scored([1, 2, 3])
    (run.cell_folder(run.cell_ids[-1]) / "result.json").unlink()
    assert "who judges before the end can stop" in " ".join(harness.report(run.folder).split())
    assert [event["seeds"] for event in events(run)] == [[1, 2]]


def test_every_verb_that_judges_notes_it(scored, capsys):
    run = scored([1, 2, 3])
    assert main(["compare", str(run.folder)]) == 0
    assert len(events(run)) == 1
    capsys.readouterr()


def test_a_journal_that_cannot_be_written_is_said(scored, monkeypatch):
    run = scored([1, 2, 3])

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("harness.verdict.judgements.Journal.append", refused)
    assert "this judgement could not be noted in journal.jsonl (Permission denied)" in judge_run(run).notes


def test_a_stopped_run_is_reported_with_its_looks(scored, capsys):
    run = scored([1, 2, 3, 4, 5], looks=[3, 5], sesoi=5.0)
    for cell in run.cell_ids[7:]:
        (run.cell_folder(cell) / "result.json").unlink()
    assert main(["report", str(run.folder)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "stopped at look 1 of 2, with 3 of 5 seeds: every primary comparison has a verdict" in shown
    assert "not finished" not in shown
    assert "1 3 0.015 97% no in-domain gap" in shown
    assert "2 5 – – not taken" in shown
    assert "97% intervals over new seeds and new items, at look 1" in shown
    assert "mean ± SD over 3 seeds" in shown


def test_the_cells_beyond_a_stop_are_listed_as_not_run(scored, capsys):
    run = scored([1, 2, 3, 4, 5], looks=[3, 5], sesoi=5.0)
    for cell in run.cell_ids[7:]:
        shutil.rmtree(run.cell_folder(cell))
    judge_run(run)
    assert main(["ls", str(run.folder), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["status"] for each in listed] == ["done"] * 7 + ["not run"] * 4


def test_a_gate_on_a_run_that_stopped_as_futile_is_inconclusive(scored, capsys):
    """The reference learned nothing here, and all seeds are unlikely to show that it did."""
    run = scored([1, 2, 3, 4, 5], looks=[3, 5], sesoi=0.25, require_gain=True)
    for cell in run.cell_ids[7:]:
        (run.cell_folder(cell) / "result.json").unlink()
    verdicts = judge_run(run)
    assert verdicts.looks.taken[0].stop == "futile"
    assert main(["compare", str(run.folder), "--gate", "not-worse-in-domain"]) == 2
    assert "all seeds are unlikely to give a verdict" in " ".join(capsys.readouterr().out.split())


def test_a_run_before_its_first_look_is_unfinished_and_has_no_verdict(scored, capsys):
    run = scored([1, 2, 3, 4, 5], looks=[3, 5], sesoi=5.0)
    for cell in run.cell_ids[5:]:
        (run.cell_folder(cell) / "result.json").unlink()
    assert main(["report", str(run.folder)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "before the first of 2 looks, which is at 3 of 5 seeds" in shown
    assert "not finished: 6 of 11 cells have not run yet" in shown
    assert "who judges before the end" not in shown
    assert "INSUFFICIENT" in shown
    assert events(run) == []


def test_the_lock_of_a_run_from_before_looks_is_judged_as_ever(scored):
    run = scored([1, 2, 3])
    lock = json.loads((run.folder / LOCK).read_text())
    for key in ("looks", "stop_at"):
        del lock["experiment"]["comparison"][key]
    write_json(run.folder / LOCK, lock)
    assert judge_run(RunFolder(run.folder)).looks is None

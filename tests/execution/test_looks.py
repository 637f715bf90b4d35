"""A run with looks stops where it may and stays stopped; whatever cut it off, its verdict has the same bytes."""

import json
import shutil
from dataclasses import replace
from functools import partial

import pytest

import harness
from harness.cli import main
from harness.execution import run as running
from harness.execution.local import LocalExecutor
from harness.execution.run import Options, execute
from harness.ledger import RunFolder
from harness.preflight.known import read_known, surroundings, write_known
from harness.spec import load
from harness.testing.tiny_spec import write_tiny_spec
from harness.verdict import judge_run
from helpers.watchers import Silent, run


class Killed(BaseException):
    """What a signal does: nothing catches it."""


@pytest.fixture(scope="module")
def spec(tmp_path_factory, tiny_tokenizer_folder):
    """Three seeds with a look at two; a smallest effect so large that no gap is beyond it."""
    path = write_tiny_spec(tmp_path_factory.mktemp("looks"), tiny_tokenizer_folder)
    declared = json.loads(path.read_text())
    declared["seeds"] = [1, 2, 3]
    declared["comparison"] |= {"looks": [2, 3], "sesoi": 30.0, "require_gain": False}
    path.write_text(json.dumps(declared))
    return path


@pytest.fixture(scope="module")
def once(spec):
    """The run as the command leaves it at its first look."""
    folder = spec.parent / "runs" / "tiny"
    assert main(["run", str(spec), "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def stopped(once, tmp_path):
    """A copy of it, as a run folder of its own."""
    return RunFolder(shutil.copytree(once, tmp_path / "copied" / "tiny"))


@pytest.fixture
def command(spec, stopped):
    return ["run", str(spec), "--out", str(stopped.folder)]


def judged(ledger):
    return [event for event in ledger.journal.events() if event["event"] == "judged"]


def verdict(ledger):
    """The bytes of verdict.json as the command would write them now."""
    harness.report(ledger.folder)
    return (ledger.folder / "verdict.json").read_bytes()


def words(text):
    return " ".join(text.split())


def test_a_settled_run_stops_at_its_look_and_stays_stopped(stopped, command, capsys):
    before = (stopped.folder / "verdict.json").read_bytes()
    assert [each.cell.seed for each in stopped.outcomes] == [None, 1, 1, 2, 2]
    found = harness.load_run(stopped.folder).verdicts
    assert found.comparisons[0].verdict == "no in-domain gap"
    assert found.looks.stopped_at == 1
    assert main(command) == 0
    shown = capsys.readouterr()
    for said in (shown.out, shown.err):
        assert "stopped at look 1 of 2, with 2 of 3 seeds: every primary comparison has a verdict" in words(said)
    assert "not finished" not in shown.out
    assert "`--go-on` goes past it" in words(shown.out)
    assert len(stopped.outcomes) == 5
    assert (stopped.folder / "verdict.json").read_bytes() == before
    assert len(judged(stopped)) == 1


def test_a_stopped_run_is_told_again_without_a_worker_and_judged_once(stopped, command, monkeypatch, capsys):
    assert main(command) == 0  # what was prepared is known of the folder that the run was begun in, and now of this one
    shown = capsys.readouterr().out
    judged_here = []

    def judge(ledger):
        judged_here.append(ledger.folder)
        return judge_run(ledger)

    monkeypatch.setattr(LocalExecutor, "submit", lambda *_: pytest.fail("a worker was asked"))
    monkeypatch.setattr("harness.execution.local.start_worker", lambda *_, **__: pytest.fail("a worker was started"))
    monkeypatch.setattr(running, "judge_run", judge)
    monkeypatch.setattr("harness.verdict.judge_run", judge)
    assert main(command) == 0
    assert capsys.readouterr().out == shown
    assert judged_here == [stopped.folder]


def test_how_many_cells_fit_is_asked_again_where_a_stopped_run_goes_on_or_lacks_a_cell(spec, stopped, command):
    assert main(command) == 0
    experiment = load(spec)
    around = surroundings(experiment)
    write_known(stopped.folder, around, replace(read_known(stopped.folder, around), fitting=2))
    known = partial(running._known, stopped, around, experiment)
    assert known(Options()) is not None
    assert known(Options(go_on=True)) is None
    last = stopped.outcomes[-1].cell
    shutil.rmtree(stopped.cell_folder(last))
    assert known(Options()) is None


def test_what_happens_is_told_in_json_lines_with_the_verdicts_in_the_last(stopped, command, capsys):
    assert main([*command, "--json-lines"]) == 0
    shown = capsys.readouterr()
    first, *_, planned, looked, last = map(json.loads, shown.out.splitlines())
    assert (first["event"], first["name"]) == ("run", "tiny")
    assert (planned["event"], planned["done"]) == ("planned", [each.cell.id for each in stopped.outcomes])
    assert looked["looks"]["stopped_at"] == 1
    assert last["verdicts"] == json.loads((stopped.folder / "verdict.json").read_text())
    assert not shown.err


def test_a_quiet_run_prints_its_report_alone(command, capsys):
    assert main([*command, "--quiet"]) == 0
    shown = capsys.readouterr()
    assert "stopped at look 1 of 2" in words(shown.out)
    assert not shown.err


def test_it_goes_past_its_look_when_told_to_and_says_so(stopped, command, capsys):
    assert main([*command, "--go-on"]) == 0
    assert len(stopped.outcomes) == 7
    further = json.loads((stopped.folder / "verdict.json").read_text())
    assert further["looks"]["passed"] == [1]
    assert further["comparisons"][0]["look"] == 1
    assert not [note for note in further["notes"] if "error rate" in note]
    assert [(event["seeds"], event["share"]) for event in judged(stopped)] == [
        ([1, 2], pytest.approx(2 / 3)),
        ([1, 2, 3], pytest.approx(1 / 3)),
    ]
    assert "went past look 1" in capsys.readouterr().out


@pytest.mark.parametrize("noted", [False, True], ids=["before it is noted", "after it is noted"])
def test_a_run_that_is_killed_at_its_look_gives_the_same_bytes_afterwards(spec, stopped, monkeypatch, noted):
    """The judgement is made and the process dies before it stops: the next start comes to the same look."""
    before, events = verdict(stopped), judged(stopped)
    (stopped.folder / "verdict.json").unlink()
    journal = stopped.folder / "journal.jsonl"
    journal.write_text("".join(line for line in journal.read_text().splitlines(True) if '"judged"' not in line))
    judge = running.judge_run

    def killed(ledger):
        if noted:
            judge(ledger)
        raise Killed

    monkeypatch.setattr(running, "judge_run", killed)
    with pytest.raises(Killed):
        execute(load(spec), stopped.folder, Silent(), Options())
    monkeypatch.setattr(running, "judge_run", judge)
    again, watcher = run(spec, stopped.folder)
    assert watcher.cells == []
    assert watcher.looks[0].stopped_at == 1
    assert verdict(again) == before
    kept = ("seeds", "share", "tail", "labels")
    assert [[event[key] for key in kept] for event in judged(again)] == [
        [event[key] for key in kept] for event in events
    ]


def test_a_run_that_is_killed_between_two_looks_is_judged_as_at_the_earlier_one(spec, stopped):
    before = verdict(stopped)

    class Killing(Silent):
        def ended(self, outcome):
            raise Killed

    with pytest.raises(Killed):
        execute(load(spec), stopped.folder, Killing(), Options(go_on=True))
    assert len(stopped.outcomes) == 6
    assert verdict(stopped) == before
    again, watcher = run(spec, stopped.folder)
    assert watcher.cells == []
    assert verdict(again) == before


def test_seeds_that_are_added_later_are_marked_and_siblings_give_no_more_than_the_look(
    spec, stopped, command, tmp_path, capsys
):
    """The folder without looks holds all seeds then; a run with looks beside it takes those of its look alone."""
    assert main([*command, "--set", "comparison.looks=[]"]) == 0
    found = json.loads((stopped.folder / "verdict.json").read_text())
    mark = "seeds were added after a look: the error rate is not the stated one"
    assert [note.startswith(mark) for note in found["notes"] if "error rate" in note] == [True]
    assert mark in words(capsys.readouterr().out)
    beside, watcher = run(spec, stopped.folder.with_name("beside"))
    assert watcher.cells == []
    assert len(beside.outcomes) == 5
    assert watcher.looks[0].stopped_at == 1


def test_a_gate_rules_on_a_stopped_run_by_the_intervals_of_its_look(stopped, capsys):
    assert main(["compare", str(stopped.folder), "--gate"]) == 0
    assert "gate passed" in capsys.readouterr().out


def test_an_open_run_goes_on_to_all_seeds(spec, stopped, monkeypatch):
    """Nothing is called futile here; with a smallest effect next to nothing nothing is settled either."""
    monkeypatch.setattr("harness.verdict.looks.FUTILE", 0.0)
    _, watcher = run(spec, stopped.folder, set=("comparison.sesoi=1e-6", "comparison.stop_at=decisive"))
    (look,) = watcher.looks
    assert (look.taken[0].stop, look.stop_at) == (None, "decisive")
    assert len(stopped.outcomes) == 7

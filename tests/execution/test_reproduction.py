"""A run is made again from its lock: what must agree is refused at once, what may differ is said."""

import hashlib
import shutil
from dataclasses import replace

import pytest

import harness
from harness.cli import main
from harness.errors import LedgerError
from harness.execution import reproduction
from harness.execution.reproduction import Original, original
from harness.ledger.hardware import Code, Hardware
from harness.ledger.lock import Hashes, Lock, Machine
from harness.plan.content import Content
from harness.preflight.prepared import Prepared
from harness.records import Screening
from harness.spec import load
from helpers.watchers import run


def prepared_of(lock, **fields):
    """Return what preparing finds where everything is as a lock says."""
    content = Content(
        model=lock.hashes.model,
        tokenizer=lock.hashes.tokenizer,
        rows=lock.hashes.data,
        stages=lock.hashes.stages,
        suites=lock.hashes.suites,
    )
    same = Prepared(
        content=content,
        rows=lock.rows,
        items=lock.items,
        screening=lock.screening,
        device=lock.execution.device,
        threads=lock.execution.threads,
        versions={name: each for name, each in lock.versions.items() if name != "harness"},
    )
    return replace(same, **fields)


@pytest.fixture
def held(tiny_spec, tmp_path):
    """A lock with everything in it, and the experiment that it is of."""
    experiment = load(tiny_spec)
    lock = Lock(
        cells=(),
        experiment=experiment,
        hashes=Hashes(model="m", tokenizer="t", data="d", stages={"x": "s"}, suites={"sums": "q"}),
        rows=12,
        items={"sums": 8},
        screening=Screening(rows=12, items={}, hits=0),
        versions={"harness": harness.__version__, "torch": "2.9"},
        execution=Machine(device="cpu", threads=2),
    )
    return Original(file=tmp_path / "spec.lock.json", sha256="0" * 64, lock=lock), experiment


def test_what_is_as_it_was_differs_in_nothing(held, monkeypatch):
    monkeypatch.setattr(reproduction, "code", lambda: None)
    made_from, experiment = held
    assert made_from.held(experiment, prepared_of(made_from.lock)).differing == ()


def test_all_that_must_agree_is_refused_at_once(held):
    made_from, experiment = held
    lock = made_from.lock
    content = replace(prepared_of(lock).content, model="other", suites={"sums": "other"}, stages={})
    found = prepared_of(lock, content=content, rows=11, items={"sums": 9})
    recipe = replace(experiment.recipes[0], training={"learning_rate": 0.5})
    changed = replace(experiment, recipes=(recipe, *experiment.recipes[1:]), seeds=(7,))
    with pytest.raises(LedgerError) as refused:
        made_from.held(changed, found)
    said = str(refused.value).splitlines()
    assert said[0].endswith(f"{len(said) - 2} of what must agree differ:")
    for each in (
        "  model: SHA-256 m there, SHA-256 other here",
        "  stage x: SHA-256 s there, nothing here",
        "  suite sums: SHA-256 q there, SHA-256 other here",
        "  training rows: 12 there, 11 here",
        "  items of sums: 8 there, 9 here",
        "  spec.seeds: [1, 2] there, [7] here",
    ):
        assert each in said
    assert any(line.startswith("  recipes.") and "learning_rate" in line and "0.5 here" in line for line in said)


def test_what_may_differ_is_said_and_goes_on(held, monkeypatch):
    made_from, experiment = held
    there = Hardware(machine="m68k")
    lock = replace(made_from.lock, hardware=there, code=Code(commit="abc", dirty=True))
    monkeypatch.setattr(reproduction, "code", lambda: Code(commit="def", dirty=False))
    monkeypatch.setattr(reproduction, "hardware", lambda: Hardware(machine="vax"))
    elsewhere = replace(experiment, execute=replace(experiment.execute, workers=3, device="cuda:1", shared_folder=True))
    found = prepared_of(lock, versions={"torch": "3.0"}, device="cuda", threads=8)
    assert replace(made_from, lock=lock).held(elsewhere, found).differing == (
        'torch: "2.9" there, "3.0" here',
        "device: cpu there, cuda here",
        "threads: 2 there, 8 here",
        "hardware: m68k there, vax here",
        "code: commit abc with changes there, commit def here",
        "code: files were changed since the commit, so that it does not say what ran",
    )


def test_a_lock_that_says_too_little_or_is_none_is_refused(held, tmp_path):
    made_from, experiment = held
    for lock in (Lock(cells=()), Lock(cells=(), experiment=experiment)):
        with pytest.raises(LedgerError, match="too little"):
            _ = replace(made_from, lock=lock).experiment
    with pytest.raises(LedgerError, match="cannot be read"):
        original(tmp_path / "none.json")
    with pytest.raises(LedgerError, match=r"name a spec\.lock\.json"):
        original(tmp_path)


def test_the_command_takes_a_spec_or_a_lock_and_no_changes_of_one(tiny_spec, tmp_path, capsys):
    for words, said in (
        ([], "Name either"),
        ([str(tiny_spec), "--locked", "x"], "Name either"),
        (["--locked", "x", "--seeds", "1", "--set", "a=1"], "--set, --seeds: what a lock says"),
        (["--locked", "x", "--dry-run"], "--dry-run: what a lock says"),
    ):
        assert main(["run", *words, "--out", str(tmp_path / "out")]) == 64
        assert said in capsys.readouterr().err


def test_a_run_is_made_again_from_its_lock_with_the_same_scores(tiny_spec, tmp_path, monkeypatch, capsys):
    first, _ = run(tiny_spec, tmp_path / "runs" / "first", seeds=(1,))
    lock = first.folder / "spec.lock.json"
    assert first.lock.hardware is not None
    assert first.lock.reproduces is None
    away = tmp_path / "away"  # no sibling from which cells would be adopted
    away.mkdir()
    copied = shutil.copy(lock, away / "theirs.json")
    monkeypatch.chdir(away)
    experiment = harness.load_locked(copied)
    assert experiment.execute.threads == first.lock.execution.threads
    again = harness.run(experiment, out=away / "again", locked=copied)
    made = again.files.lock.reproduces
    assert made is not None
    assert made.lock == "theirs.json"
    assert made.sha256 == hashlib.sha256(lock.read_bytes()).hexdigest()
    before = {each.cell.id: [e.metrics for e in each.evaluations] for each in first.outcomes}
    assert {each.cell.id: [e.metrics for e in each.evaluations] for each in again.results()} == before
    text = harness.report(again.folder)
    assert "reproduces theirs.json" in text
    assert all(each in text for each in made.differing)
    loader = tiny_spec.parent / "tasks" / "sums" / "loader.py"
    loader.write_text(loader.read_text().replace("rows(100, 20)", "rows(101, 20)"))
    assert main(["run", "--locked", str(copied), "--out", str(away / "third")]) == LedgerError.exit_code
    assert "suite sums: SHA-256" in capsys.readouterr().err

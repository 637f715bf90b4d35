"""What is damaged is refused with everything else that is, goes back by itself, or is made again, and nothing more."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import DamagedError
from harness.execution import repair, scoring
from harness.execution.adopt import adopt
from harness.execution.clock import Clock
from harness.ledger import RunFolder
from harness.ledger.artefacts import artefacts, together
from harness.ledger.damage import CellFiles
from harness.ledger.neighbours import Neighbours
from harness.ledger.outcomes import Training, read_training, write_evaluation, write_training
from harness.records import Fit
from harness.testing.tiny_spec import write_tiny_spec
from helpers.runs import scored_run
from helpers.watchers import run


@pytest.fixture(scope="module")
def spec(tmp_path_factory, tiny_tokenizer_folder):
    return write_tiny_spec(tmp_path_factory.mktemp("spec"), tiny_tokenizer_folder)


@pytest.fixture(scope="module")
def once(spec, tmp_path_factory):
    return run(spec, tmp_path_factory.mktemp("runs") / "tiny", seeds=(1,))[0]


@pytest.fixture
def finished(once, tmp_path):
    return RunFolder(shutil.copytree(once.folder, tmp_path / "alone" / "tiny"))


def of(ledger, recipe):
    (cell,) = [each for each in ledger.cell_ids if each.startswith(recipe)]
    return CellFiles(ledger, cell)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def metrics(ledger):
    return [[each.metrics for each in outcome.evaluations] for outcome in ledger.outcomes]


def unscored(files):
    (files.folder / "result.json").unlink()
    for note in files.folder.glob("eval/*/evaluation.json"):
        note.unlink()


def test_a_run_with_damage_is_refused_and_repair_makes_exactly_that_again(finished, spec):
    before = metrics(finished)
    lora, full, base = (of(finished, name) for name in ("lora", "full", "base"))
    weights = next(lora.folder.glob("adapter/*.safetensors"))
    flip(weights)
    samples = next(full.folder.glob("eval/*/samples*"))
    samples.write_text(samples.read_text().replace('"acc": ', '"acc": 1', 1))
    result = json.loads((base.folder / "result.json").read_text())
    result["evaluations"][0]["metrics"]["acc,none"] = 0.123
    (base.folder / "result.json").write_text(json.dumps(result))
    with pytest.raises(DamagedError, match="holds 2 damaged files") as refused:  # the adapter is not read for a report
        run(spec, finished.folder, seeds=(1,))
    assert str(samples.relative_to(finished.folder)) in str(refused.value)
    assert "minutes to make again" in str(refused.value)
    kept = {path: path.stat().st_mtime_ns for path in lora.folder.glob("eval/*/*")}
    ledger, watcher = run(spec, finished.folder, seeds=(1,), repair=True)
    assert set(watcher.cells) == set(ledger.cell_ids)
    assert {each.file.rpartition("/")[2] for each in watcher.removed} == {weights.name, samples.name, "result.json"}
    assert metrics(ledger) == before
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # the same weights again have their scores
    assert [each["cell"] for each in ledger.journal.events() if each["event"] == "mended"] == [
        base.cell,
        *[each for each in ledger.cell_ids if each in {lora.cell, full.cell}],
    ]
    _, watcher = run(spec, finished.folder, seeds=(1,), repair=True)
    assert (watcher.cells, watcher.removed) == ([], [])


@pytest.mark.parametrize("what", ["adapter cut", "note empty"])
def test_a_cell_that_is_trained_and_not_scored_goes_back_by_itself(finished, spec, what):
    before, lora = metrics(finished), of(finished, "lora")
    unscored(lora)
    file = lora.folder / "training.json" if what == "note empty" else next(lora.folder.glob("adapter/*.safetensors"))
    file.write_bytes(b"" if what == "note empty" else file.read_bytes()[:100])
    ledger, watcher = run(spec, finished.folder, seeds=(1,))
    assert watcher.cells == [lora.cell]
    assert [each.file for each in watcher.removed] == [str(file.relative_to(finished.folder))]
    assert metrics(ledger) == before


@pytest.mark.parametrize("what", ["a bit", "lora_alpha"])
def test_what_was_changed_in_a_trained_cell_is_not_scored(finished, spec, what):
    lora = of(finished, "lora")
    unscored(lora)
    if what == "a bit":
        flip(next(lora.folder.glob("adapter/*.safetensors")))
    else:
        config = lora.folder / "adapter" / "adapter_config.json"
        changed = json.loads(config.read_text())
        config.write_text(json.dumps({**changed, "lora_alpha": 3 * changed["lora_alpha"]}, indent=4))
    with pytest.raises(DamagedError, match=r"adapter/adapter_\w+\.\w+ is c\w+: "):
        run(spec, finished.folder, seeds=(1,))


@pytest.fixture
def stand_in(tiny_spec, tmp_path):
    ledger = scored_run(tmp_path / "runs" / "one", tiny_spec)
    files = of(ledger, "lora--tiny--s1")
    outcome = ledger.outcome(files.cell)
    (files.folder / "adapter").mkdir()
    (files.folder / "adapter" / "weights").write_bytes(b"weights")
    kept = artefacts(files.folder, [files.folder / "adapter"])
    write_training(
        files.folder / "training.json", Training(train_info=outcome.train_info, costs=outcome.costs, files=kept)
    )
    for each in outcome.evaluations:
        (files.folder / "eval" / each.task).mkdir(exist_ok=True)
        write_evaluation(files.folder / "eval" / each.task / "evaluation.json", each)
    return files


def mended(files):
    found = files.damages()
    repair.mend(files, found)
    return found


def test_notes_that_a_record_repeats_are_written_again_from_it(stand_in):
    assert stand_in.damages() == []
    whole = read_training(stand_in.folder / "training.json").train_info
    for name in ("training.json", "eval/sums/evaluation.json"):
        (stand_in.folder / name).write_text("[]")
    assert len(mended(stand_in)) == 2
    assert stand_in.damages() == []
    assert read_training(stand_in.folder / "training.json").train_info == whole
    assert (stand_in.folder / "result.json").exists()


def test_scores_that_do_not_say_of_which_weights_they_are_go_with_the_weights(stand_in):
    (stand_in.folder / "adapter" / "weights").write_bytes(b"others!")
    kept = stand_in.folder / "eval" / "sums_2" / "evaluation.json"
    named = RunFolder(stand_in.run.folder).outcome(stand_in.cell).evaluations[1]
    write_evaluation(kept, type(named)(**{**{f: getattr(named, f) for f in named.__slots__}, "state_sha256": "0"}))
    (found,) = mended(stand_in)
    assert found.what == "changed"
    assert sorted(path.name for path in stand_in.folder.iterdir()) == ["eval"]
    assert not (stand_in.folder / "eval" / "sums").exists()
    assert kept.exists()


def test_a_failed_cell_that_is_tried_again_goes_back_and_a_finished_one_does_not(stand_in):
    (stand_in.folder / "adapter" / "weights").write_bytes(b"")
    found = stand_in.damages()
    assert not repair.goes_back(stand_in, found)
    (stand_in.folder / "result.json").unlink()
    assert repair.goes_back(stand_in, found)


def test_a_damaged_cell_beside_a_run_is_not_adopted_and_noted(stand_in, tmp_path):
    mine = RunFolder(tmp_path / "runs" / "two")
    mine.folder.mkdir()
    planned = SimpleNamespace(cell=stand_in.run.outcome(stand_in.cell).cell)
    experiment = SimpleNamespace(diagnostics=())
    samples = next(stand_in.folder.glob("eval/*/samples*"))
    whole = samples.read_bytes()
    flip(samples)
    assert not adopt(mine, planned, experiment, SimpleNamespace(threads=1, fit=Fit()), Neighbours(mine.folder))
    (event,) = mine.journal.events()
    assert (event["event"], event["cell"]) == ("not adopted", stand_in.cell)
    assert samples.name in event["damaged"][0]
    samples.write_bytes(whole)
    assert adopt(mine, planned, experiment, SimpleNamespace(threads=1, fit=Fit()), Neighbours(mine.folder))
    assert together(artefacts(mine.folder, [mine.cell_folder(stand_in.cell)])) != ""
    assert CellFiles(mine, stand_in.cell).folder.is_dir()


def test_an_adoption_that_was_cut_off_is_begun_again(stand_in, tmp_path, monkeypatch):
    mine = RunFolder(tmp_path / "runs" / "two")
    mine.folder.mkdir()
    asked = (
        SimpleNamespace(cell=stand_in.run.outcome(stand_in.cell).cell),
        SimpleNamespace(diagnostics=()),
        SimpleNamespace(threads=1, fit=Fit()),
        Neighbours(mine.folder),
    )

    class Killed(BaseException):
        pass

    def half(source, target):
        (target / "eval").mkdir(parents=True)
        shutil.copy(source / "result.json", target)
        raise Killed

    with monkeypatch.context() as cut:
        cut.setattr("harness.execution.adopt.shutil.copytree", half)
        with pytest.raises(Killed):
            adopt(mine, *asked)
    assert not mine.cell_folder(stand_in.cell).exists()
    assert adopt(mine, *asked)
    assert CellFiles(mine, stand_in.cell).damages() == []
    assert not list((mine.folder / "claims").glob("adopting-*"))


def test_a_finished_cell_that_is_killed_while_it_is_scored_again_names_nothing_that_is_gone(stand_in, monkeypatch):
    """Taken over from a bundle it has no weights, so that for one more suite it is trained and scored anew."""
    for note in stand_in.folder.glob("eval/*/evaluation.json"):
        note.unlink()
    outcome = stand_in.run.outcome(stand_in.cell)
    suites = {Path(each.samples).parts[1]: SimpleNamespace(task=each.task) for each in outcome.evaluations}
    work = SimpleNamespace(folder=stand_in.folder, planned=SimpleNamespace(suites=suites))

    class Killed(BaseException):
        pass

    def first(work, suite, folder, *args, **kwargs):
        shutil.rmtree(folder)
        raise Killed

    monkeypatch.setattr(scoring, "score_suite", first)
    monkeypatch.setattr(scoring, "prefix_of", lambda *args: None)
    with pytest.raises(Killed):
        list(scoring.score_suites(work, SimpleNamespace(model=None, tokenizer=None), Clock(lambda body: None)))
    left = CellFiles(RunFolder(stand_in.run.folder), stand_in.cell)
    assert left.run.ended(left.cell) is None
    assert left.damages() == []

"""What of a run folder is not as it was written is named, with what it costs, and no report is made of it."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from harness.cli import main
from harness.ledger.artefacts import artefact, artefacts, read_sealed, together, write_sealed
from harness.ledger.damage import CellFiles
from harness.ledger.lock import write_lock
from harness.ledger.outcomes import Training, write_training
from harness.records import Costs
from harness.trained import Artefact
from helpers.records import training
from helpers.runs import scored_run

OLD = Path(__file__).parent / "fixtures" / "run-of-version-1"


@pytest.fixture
def run(tiny_spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return scored_run(tmp_path / "run", tiny_spec)


def change(path, old, new):
    text = path.read_text()
    assert re.search(old, text)
    path.write_text(re.sub(old, new, text, count=1))


def refused(capsys):
    assert main(["report", "run"]) == 65
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def test_a_digit_of_a_score_in_samples_is_named_with_both_checksums_and_its_cost(run, capsys):
    assert main(["report", "run"]) == 0
    samples = next(run.folder.glob("cells/lora--tiny--s1/eval/*/samples*"))
    before = artefact(samples).sha256
    change(samples, r'"acc": 1\.0', '"acc": 0.0')
    capsys.readouterr()
    said = refused(capsys)
    assert f"{samples.relative_to(run.folder)} is changed: SHA-256 {before} was written" in said
    assert f"SHA-256 {artefact(samples).sha256} is there; about 0.0 minutes to make again" in said


def test_everything_that_is_damaged_is_said_at_once(run, capsys):
    files = sorted(run.folder.glob("cells/*/eval/*/samples*"))
    files[0].unlink()
    files[1].write_bytes(b"")
    change(run.cell_folder(run.cell_ids[-1]) / "result.json", r'"acc,none": [\d.]+', '"acc,none": 0.987')
    said = refused(capsys)
    assert "holds 3 damaged files" in said
    assert "is missing: SHA-256" in said
    assert "is cut: " in said
    assert "0 bytes is there" in said
    assert f"{run.cell_ids[-1]}/result.json is changed: SHA-256" in said


@pytest.mark.parametrize("field", ["acc,none", "train_time", "flops"])
def test_no_number_of_a_record_can_be_changed(run, capsys, field):
    change(run.cell_folder(run.cell_ids[-1]) / "result.json", rf'"{field}": [\d.]+', f'"{field}": 0.5')
    assert "result.json is changed" in refused(capsys)


def test_a_record_that_is_written_otherwise_and_says_the_same_is_whole(run):
    path = run.cell_folder(run.cell_ids[0]) / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert main(["report", "run"]) == 0


BROKEN = {
    "empty": "",
    "cut": '{"cell": {"id": "x"',
    "a list": "[]",
    "null": "null",
    "a number": "3",
    "a text": '"x"',
    "an empty object": "{}",
    "not a number": '{"status": NaN}',
    "a huge number": '{"status": "success", "costs": ' + "9" * 5000 + "}",
    "brackets": "[" * 100_000,
    "null fields": '{"status": "success", "cell": null, "evaluations": null}',
    "wrong types": '{"status": "success", "cell": [1], "run_info": "x"}',
    "binary": b"\x00\xff\xfe\x80" * 9,
    "another number of it twice": None,
}
RECORDS = ("result.json", "training.json", "eval/sums/evaluation.json")


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_record_is_a_named_damage(run, name, kind):
    cell = run.cell_ids[-1]
    folder = run.cell_folder(cell)
    write_training(folder / "training.json", Training(train_info=training(), costs=Costs(seconds={"train": 120.0})))
    outcome = run.outcome(cell)
    write_sealed(
        folder / "eval/sums/evaluation.json", json.loads((folder / "result.json").read_text())["evaluations"][0]
    )
    files = CellFiles(run, cell)
    everything = lambda: [*files.scores(), *files.notes(), *files.training()]  # noqa: E731
    assert everything() == []
    content = BROKEN[kind]
    if content is None:
        content = re.sub(r'"items": \d+', '"items": 9, "items": 8', (folder / name).read_text())
        content = re.sub(r'"steps": 2', '"steps": 2, "steps": 3', content)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (found,) = everything()
    assert found.file == f"cells/{cell}/{name}"
    assert found.what == ("changed" if kind == "another number of it twice" else "unreadable")
    assert outcome.cell.id == found.cell


def test_a_record_of_before_checksums_is_held_against_what_lm_eval_wrote(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(OLD, tmp_path / "run")
    assert main(["report", "run"]) == 0
    assert "5 of 5 finished cells were recorded before there were checksums" in capsys.readouterr().err
    change(next((tmp_path / "run").glob("cells/full*s1*/result.json")), r'"acc,none": [\d.]+', '"acc,none": 0.987')
    said = refused(capsys)
    assert "result.json is changed: sums acc,none" in said
    assert "0.987 is there" in said


@pytest.mark.parametrize("scores", ["0.5", "9", "[]", "null", '"acc"'])
def test_scores_that_are_none_in_lm_evals_results_are_no_bug(tmp_path, capsys, scores):
    shutil.copytree(OLD, tmp_path / "run")
    results = next((tmp_path / "run").glob("cells/full*s1*/eval/sums--*/results_*.json"))
    change(results, r'(?s)"results": \{.*?\}', f'"results": {{"sums": {scores}')
    assert main(["doctor", str(tmp_path / "run")]) in {0, 1}
    assert "bug in harness" not in capsys.readouterr().err


def test_a_training_is_held_against_its_note_byte_for_byte(run):
    cell = run.cell_ids[-1]
    folder = run.cell_folder(cell)
    (folder / "result.json").unlink()
    (folder / "adapter").mkdir()
    (folder / "adapter" / "adapter_config.json").write_text('{"lora_alpha": 16}')
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(bytes(range(256)))
    note = Training(
        train_info=training(),
        costs=Costs(seconds={"train": 120.0}),
        files=artefacts(folder, (folder / "adapter", folder / "measurements")),
    )
    write_training(folder / "training.json", note)
    files = CellFiles(run, cell)
    assert list(files.training()) == []
    (folder / "adapter" / "adapter_config.json").write_text('{"lora_alpha": 32}')
    content = bytearray(range(256))
    content[100] ^= 1
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(content)
    config, weights = files.training()
    assert (config.what, weights.what) == ("changed", "changed")
    assert str(weights).endswith("about 2.0 minutes to make again")
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(content[:99])
    (folder / "adapter" / "adapter_config.json").unlink()
    assert [each.what for each in files.training()] == ["missing", "cut"]
    shutil.rmtree(folder / "adapter")  # what was not kept is no damage
    assert list(files.training()) == []


def test_the_journal_has_the_checksums_of_a_cell(run):
    event = [each for each in run.journal.events() if each["event"] == "finished"][-1]
    folder = run.cell_folder(event["cell"])
    assert event["files"]["result.json"] == artefact(folder / "result.json").sha256
    assert {name: artefact(folder / name).sha256 for name in event["files"]} == event["files"]
    assert len(event["files"]) == 3


def test_a_digest_of_several_files_is_of_names_and_contents():
    one = {"a": Artefact(sha256="1", bytes=1), "b": Artefact(sha256="2", bytes=1)}
    assert together(one) == together(dict(reversed(one.items())))
    assert together(one) != together({"a": one["b"], "b": one["a"]})


def test_a_sealed_record_comes_back_and_no_pipe_is_waited_for(tmp_path):
    write_sealed(tmp_path / "x.json", {"a": (1, 0.1), "half": "\ud800"})
    assert read_sealed(tmp_path / "x.json") == {"a": [1, 0.1], "half": "\ud800"}
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        artefact(tmp_path / "pipe")


FILES = (
    "spec.lock.json",
    "journal.jsonl",
    "verdict.json",
    "measurements.json",
    "cells/*/eval/*/results_*",
    "claims/threads.json",
)


@pytest.mark.parametrize("kind", [kind for kind, content in BROKEN.items() if content is not None])
def test_no_broken_file_of_a_run_is_a_bug(run, capsys, kind):
    content = BROKEN[kind]
    for pattern in FILES:
        path = next(run.folder.glob(pattern), run.folder / pattern)
        before = path.read_bytes() if path.exists() else None
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        codes = [main([verb, "run"]) for verb in ("report", "ls", "doctor")]
        assert set(codes) <= {0, 1, 64, 65}, (pattern, codes, capsys.readouterr().err[-500:])
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


def test_a_lock_that_was_edited_is_refused(run, capsys):
    write_lock(run.folder, run.lock)
    assert main(["report", "run"]) == 0
    change(run.folder / "spec.lock.json", r'"alpha": [\d.]+', '"alpha": 0.2')
    capsys.readouterr()
    assert "spec.lock.json was changed" in refused(capsys)

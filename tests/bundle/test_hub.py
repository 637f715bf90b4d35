"""A run as a repository: what would leave is seen without a hub, and what a licence keeps back never does."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import harness
from harness.bundle import unpack
from harness.cli import main
from harness.ledger.artefacts import artefact
from harness.ledger.run import STATE
from helpers.runs import with_adapters

HIDDEN = "the words that a licence keeps back"
CELLS = ("lora--tiny--s1", "lora--tiny--s2")


@pytest.fixture
def run(tiny_spec, tmp_path):
    for task in ("sums", "sums_far"):  # one of them is kept back
        file = tiny_spec.parent / "tasks" / "sums" / f"{task}.yaml"
        kept = "  licence: For study alone\n  redistribute: false\n" if task == "sums_far" else "  licence: MIT\n"
        file.write_text(file.read_text() + kept)
    return hiding(with_adapters(tmp_path / "run", tiny_spec))


def hiding(run):
    """Put words that nobody may be given into every question of one suite."""
    for path in run.folder.rglob("samples_sums_far_*"):
        path.write_text(path.read_text().replace('"question ', f'"{HIDDEN} '))
    for outcome in run.outcomes:
        folder = run.cell_folder(outcome.cell)
        again = (replace(e, files={name: artefact(folder / name) for name in e.files}) for e in outcome.evaluations)
        run.write_outcome(replace(outcome, evaluations=tuple(again)))
    return run


@pytest.fixture
def pushed(monkeypatch):
    """What a stand-in of the hub was given: the repository, and the text or bytes of each file."""
    huggingface_hub = pytest.importorskip("huggingface_hub", reason="needs the extra `run`")
    got = SimpleNamespace(files={}, repository=None, private=None)

    class Api:
        def create_repo(self, repository, *, private, exist_ok):
            assert exist_ok
            got.repository, got.private = repository, private
            return f"https://hub/{repository}"

        def upload_folder(self, *, repo_id, folder_path, commit_message):
            files = (each for each in Path(folder_path).rglob("*") if each.is_file())
            got.files = {each.relative_to(folder_path).as_posix(): each.read_bytes() for each in files}

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    return got


def test_a_dry_run_says_what_would_leave_and_what_stays(run, capsys):
    assert main(["push", str(run.folder), "--to", "me/tiny", "--dry-run"]) == 0
    said = capsys.readouterr().out
    for cell in CELLS:
        for name in ("README.md", "adapter_config.json", "adapter_model.safetensors"):
            assert f"adapters/{cell}/{name}\n" in said
    assert "tiny.bundle.tar.xz\n" in said
    assert "items of sums_far stay here, as its licence asks: For study alone" in said
    assert said.splitlines()[-1].endswith("would go to me/tiny")


@pytest.mark.run
def test_a_repository_has_adapters_cards_and_a_bundle_that_verifies(run, pushed, tmp_path):
    found = harness.push(run.folder, "me/tiny", licence="apache-2.0")
    assert (found.url, pushed.repository, pushed.private) == ("https://hub/me/tiny", "me/tiny", True)
    assert {name: len(content) for name, content in pushed.files.items()} == found.files
    bundle = tmp_path / "fetched.tar.xz"
    bundle.write_bytes(pushed.files["tiny.bundle.tar.xz"])
    assert harness.verify(bundle).same
    assert list(harness.verify(bundle).kept_back) == ["sums_far"]
    for name in ("README.md", "adapters/lora--tiny--s1/README.md"):
        text = pushed.files[name].decode()
        assert yaml.safe_load(text.split("---\n")[1])["license"] == "apache-2.0"
    card = pushed.files["adapters/lora--tiny--s1/README.md"].decode()
    assert "Of the training rows of the task sums: MIT." in card
    assert (
        'PeftModel.from_pretrained(base, "me/tiny", subfolder="adapters/lora--tiny--s1")'
        in pushed.files["README.md"].decode()
    )


@pytest.mark.run
def test_what_is_not_recorded_or_kept_back_never_leaves(run, pushed, tmp_path):
    assert HIDDEN in "".join(path.read_text() for path in run.folder.rglob("samples_sums_far_*"))
    stranger = run.cell_folder(CELLS[0]) / STATE / "rows.jsonl"
    stranger.write_text(HIDDEN)
    harness.push(run.folder, "me/tiny")
    assert not [name for name in pushed.files if name.endswith("rows.jsonl")]
    bundle, unpacked = tmp_path / "fetched.tar.xz", tmp_path / "unpacked"
    bundle.write_bytes(pushed.files["tiny.bundle.tar.xz"])
    unpacked.mkdir()
    inside = [(unpacked / name).read_bytes() for name in unpack(bundle, unpacked)]
    assert not [content for content in (*pushed.files.values(), *inside) if HIDDEN.encode() in content]


def test_an_adapter_that_was_changed_is_refused(run, capsys):
    file = run.cell_folder(CELLS[0]) / STATE / "adapter_config.json"
    file.write_text(json.dumps({"r": 99}))
    assert main(["push", str(run.folder), "--to", "me/tiny", "--dry-run"]) == 65
    assert "adapter_config.json is cut" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["tiny", "me/tiny/more", "me/..", "/tiny", "me/ti ny", "me/" + "x" * 99])
def test_what_is_no_repository_is_refused_before_anything(run, capsys, name):
    assert main(["push", str(run.folder), "--to", name, "--dry-run"]) == 64
    assert "OWNER/NAME" in capsys.readouterr().err


@pytest.mark.run
def test_what_the_hub_refuses_is_told(run, pushed, monkeypatch, capsys):
    import huggingface_hub

    def refuses(self, *args, **kwargs):
        raise OSError("no route to the hub")

    monkeypatch.setattr(huggingface_hub.HfApi, "create_repo", refuses)
    assert main(["push", str(run.folder), "--to", "me/tiny"]) == 69
    assert "me/tiny could not be pushed (OSError): no route to the hub" in capsys.readouterr().err

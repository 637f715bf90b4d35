"""A bundle gives its run's verdict to whoever opens it, and says so of nothing that was changed."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import harness
from harness.bundle.archive import pack, unpack
from harness.bundle.verify import CHECKSUMS
from harness.cli import main
from harness.declarations.licences import kept_back
from harness.errors import BundleError, StorageError, UsageError
from harness.ledger.artefacts import artefact
from helpers.runs import scored_run

FINISHED = Path(__file__).parents[1] / "ledger" / "fixtures" / "run-of-version-1"
HIDDEN = "the term that a licence keeps back"


@pytest.fixture
def run(tmp_path):
    """A run that really happened, of an earlier version."""
    return shutil.copytree(FINISHED, tmp_path / "run")


@pytest.fixture
def bundle(run, tmp_path):
    return harness.bundle(run, out=tmp_path / "run.bundle.tar.xz")


@pytest.fixture
def edited(bundle, tmp_path):
    """Write the bundle again after a change of its files, with their checksums made to fit or not."""

    def edited(change, *, sums=True):
        folder = tmp_path / "edited"
        folder.mkdir()
        files = {name: (folder / name).read_bytes() for name in unpack(bundle, folder)}
        change(files)
        if sums:
            named = sorted(set(files) - {CHECKSUMS})
            lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in named)
            files[CHECKSUMS] = "".join(lines).encode()
        path = tmp_path / "edited.tar.xz"
        path.write_bytes(pack(files))
        return path

    return edited


def content(bundle, tmp_path):
    folder = tmp_path / "content"
    folder.mkdir()
    return {name: (folder / name).read_text(encoding="utf-8") for name in unpack(bundle, folder)}


def replaced(name, old, new):
    def change(files):
        found = next(each for each in files if each.endswith(name) or each.startswith(name))
        assert old in files[found]
        files[found] = files[found].replace(old, new, 1)

    return change


def test_a_bundle_is_the_same_bytes_and_gives_the_same_verdict(run, bundle, tmp_path):
    found = harness.verify(bundle)
    assert found.same
    assert not found.rounding
    assert found.verdict == harness.load_run(run).verdicts.to_json()
    assert found.sha256 == hashlib.sha256(bundle.read_bytes()).hexdigest()
    again = harness.bundle(shutil.copytree(run, tmp_path / "elsewhere"), out=tmp_path / "again")
    assert again.read_bytes() == bundle.read_bytes()


def test_it_holds_items_and_no_answers(run, bundle, tmp_path):
    files = content(bundle, tmp_path)
    first = json.loads(files["items/sums.jsonl"].splitlines()[0])
    assert set(first) == {"doc_hash", "doc_id", "doc", "target"}
    scores = [text for name, text in files.items() if "samples_" in name]
    assert len(scores) == 10
    assert not any("choices" in text or "-22.5" in text for text in scores)
    assert "pretty_env_info" not in "".join(files.values())


def test_its_page_says_neither_where_it_was_made_nor_what_models_answered(run, bundle, tmp_path):
    page = content(bundle, tmp_path)["report.html"]
    assert '<section id="reproduce"' in page
    assert '<section id="questions"' not in page
    assert "harness run" in page
    assert not any(word in page for word in ("--out", "In runs", str(run), str(run.parent)))


def test_a_place_that_takes_no_file_is_told_as_the_disks(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        harness.bundle(run, out=tmp_path / "file" / "run.bundle.tar.xz")


@pytest.mark.parametrize("verb", ["compare", "report"])
def test_it_is_read_like_its_run(verb, run, bundle, capsys):
    printed = []
    for path in (run, bundle):
        assert main([verb, str(path)]) == 0
        printed.append(capsys.readouterr().out)
    of_run, of_bundle = printed
    assert of_run.startswith(of_bundle.rstrip())
    assert harness.compare(bundle).to_json() == harness.compare(run).to_json()
    assert main(["compare", str(bundle), "--sesoi", "0.1"]) == 64


def test_one_changed_digit_is_named_where_it_stands(edited, capsys):
    verdict = edited(replaced("verdict.json", b'"alpha": 0.05', b'"alpha": 0.06'))
    assert main(["verify", str(verdict)]) == 1
    said = capsys.readouterr().out
    assert "verdict.json: $.alpha is 0.06, and the scores give 0.05" in said
    assert "NOT THE SAME" in said


def test_a_changed_score_is_named_by_what_follows_from_it(edited):
    found = harness.verify(
        edited(
            replaced("cells/lora--last-half--s1--f9122bed/eval/sums--1e489e54/samples", b'"acc": 0.0', b'"acc": 1.0')
        )
    )
    assert any("and the scores give" in each for each in found.differences)


def test_a_change_without_its_checksum_is_named_by_file(edited):
    found = harness.verify(edited(replaced("README.txt", b"The run", b"A run"), sums=False))
    assert found.differences == ("README.txt was changed: its checksum is another",)


def test_files_that_are_missing_or_added_are_named(edited):
    def change(files):
        del files["report.txt"]
        files["more.txt"] = b""

    found = harness.verify(edited(change, sums=False))
    assert found.differences == ("more.txt was added: it has no checksum", "report.txt is missing")


def test_last_digits_are_told_from_other_numbers(edited):
    def change(files):
        verdict = json.loads(files["verdict.json"])
        verdict["level"] *= 1 + 1e-15
        files["verdict.json"] = json.dumps(verdict).encode()

    found = harness.verify(edited(change))
    assert found.same
    assert found.rounding[0].startswith("verdict.json: $.level is 0.")


@pytest.mark.parametrize(
    ("name", "message"),
    [("verdict.json", "verdict.json cannot be read"), ("spec.lock.json", "the scores cannot be judged")],
)
def test_a_bundle_that_lacks_what_matters_is_not_the_same(edited, name, message):
    found = harness.verify(edited(lambda files: files.pop(name)))
    assert found.verdict is None
    assert any(message in each for each in found.differences)


def test_a_later_bundle_and_other_archives_are_refused(edited, run, capsys):
    later = edited(replaced("bundle.json", b'"format": 1', b'"format": 9'))
    with pytest.raises(BundleError, match="a bundle of format 9"):
        harness.verify(later)
    later.write_bytes(pack({"a": b""}))
    assert main(["verify", str(later)]) == 64
    assert "has no bundle.json" in capsys.readouterr().err
    assert main(["verify", str(run)]) == 64
    with pytest.raises(UsageError):
        harness.compare(later, reference="full")


def test_items_that_a_licence_keeps_back_are_left_out_and_their_texts_nowhere(tmp_path, tiny_spec):
    task = "sums_far"
    declared = tiny_spec.parent / "tasks" / "sums" / f"{task}.yaml"
    flags = "metadata:\n  licence: show it to nobody\n  redistribute: false\n"
    declared.write_text(declared.read_text().replace("metadata:\n", flags))
    run = scored_run(tmp_path / "run", tiny_spec, items=12)
    for path in run.folder.rglob(f"samples_{task}_*"):
        path.write_text(
            path.read_text().replace('"question ', f'"{HIDDEN} ').replace('"cluster": "c', f'"cluster": "{HIDDEN} ')
        )
    for outcome in run.outcomes:
        folder = run.cell_folder(outcome.cell)
        with_texts = (
            replace(each, files={name: artefact(folder / name) for name in each.files}) for each in outcome.evaluations
        )
        run.write_outcome(replace(outcome, evaluations=tuple(with_texts)))
    bundle = harness.bundle(run.folder, out=tmp_path / "b")
    files = content(bundle, tmp_path)
    assert harness.verify(bundle).kept_back == (task,)
    assert HIDDEN not in "".join(files.values())
    assert f"items/{task}.jsonl" not in files
    assert len([name for name in files if name.startswith("items/")]) >= 1
    assert "show it to nobody" in files["README.txt"]
    whole = harness.bundle(run.folder, out=tmp_path / "whole", include_items=[task])
    assert harness.verify(whole).kept_back == ()
    assert harness.verify(whole).verdict == harness.verify(bundle).verdict
    with pytest.raises(BundleError, match="has no suite nothing"):
        harness.bundle(run.folder, out=tmp_path / "c", include_items=["nothing"])


def test_the_medical_ontology_is_kept_back_wherever_it_is_asked_for():
    tasks = ["medical_cot", "medical_cot_3shot", "medical_cot_gen", "medical_cot_gen_1shot", "k8s_qa", "mmlu"]
    assert [*kept_back(tasks)] == ["medical_cot", "medical_cot_3shot", "medical_cot_gen", "medical_cot_gen_1shot"]
    assert all("HPO licence" in licence for licence in kept_back(tasks).values())

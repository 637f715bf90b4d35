"""All diagnostics of harness's own in a run: records, files under checksums, what they took, and their tables."""

import contextlib
import io
import json

import pytest

from harness.cli import main
from harness.codec import decode
from harness.ledger import RunFolder
from harness.measured import (
    ActivationShift,
    AttentionDrift,
    Likeness,
    Monitored,
    Path,
    RepresentationDrift,
    Spectrum,
)
from harness.testing.tiny_spec import write_tiny_spec

RECORDS = {
    "spectrum": Spectrum,
    "attention_drift": AttentionDrift,
    "representation_drift": RepresentationDrift,
    "activations": ActivationShift,
    "monitors": Monitored,
    "training_path": Path,
}
OPTIONS = {"monitors": {"every": 1, "items": 0, "rows": 4, "rank": 1.9999}, "training_path": {"steps": [1], "items": 4}}
ASKED = [{"name": name, "options": OPTIONS.get(name, {})} for name in RECORDS]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_tokenizer_folder):
    folder = tmp_path_factory.mktemp("diagnosed")
    spec = write_tiny_spec(folder, tiny_tokenizer_folder)
    spec.write_text(json.dumps(json.loads(spec.read_text()) | {"diagnostics": ASKED, "validation": {"share": 0.25}}))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["run", str(spec), "--out", str(folder / "run")]) == 0
    return RunFolder(folder / "run"), printed.getvalue()


@pytest.fixture
def trained(finished):
    return [each for each in finished[0].outcomes if each.train_info is not None]


def test_every_cell_has_their_records_and_files(trained, finished):
    assert len(trained) == 4
    for cell in trained:
        for name, record in RECORDS.items():
            measured = cell.training.measurements[name]
            assert decode(record, measured.details)
            assert measured.passed is None
            assert (measured.value is None) == (name == "training_path")
            assert cell.costs.seconds[f"measure {name}"] > 0
        files = {cell.training.measurements[name].arrays for name in RECORDS} - {None}
        assert files == {f"measurements/{name}.safetensors" for name in ("spectrum", "attention_drift", "activations")}
        assert files <= set(cell.files)


def test_only_layers_that_trained_changed(trained):
    for cell in trained:
        if cell.cell.recipe == "lora--tiny":  # the second of two layers
            assert decode(Spectrum, cell.training.measurements["spectrum"].details).of == "factors"
            states = decode(RepresentationDrift, cell.training.measurements["representation_drift"].details)
            assert states.domains["in_domain"].cka[0] == pytest.approx(1, abs=1e-9)
            assert states.domains["in_domain"].cka[1] < 1 - 1e-9


def test_what_is_seen_on_the_way_ends_where_training_does(trained):
    for cell in trained:
        found = decode(Monitored, cell.training.measurements["monitors"].details)
        assert [look.step for look in found.looks] == [0, 1, 2]
        assert found.looks[0].gradient is None
        assert all(look.gradient > 0 and look.gap is not None for look in found.looks[1:])
        assert found.declared == (2 if cell.cell.recipe == "lora--tiny" else None)
        path = decode(Path, cell.training.measurements["training_path"].details)
        assert [point.at for point in path.checkpoints] == [1]
        assert [point.at for point in path.line] == [0, 0.25, 0.5, 0.75, 1]
        assert set(path.line[0].scores) == {"sums", "sums_far"}


def test_an_early_warning_stands_in_the_log_and_in_the_report(finished):
    run, printed = finished
    log = run.log.read_text()
    assert log.count("early warning: lora--tiny after step 1: the mean effective rank is") == 2
    assert "early warning: full--default" not in log
    assert "lora--tiny, seed 1, step 1: the mean effective rank is" in " ".join(printed.split())
    assert "Raise r" in printed


def test_cells_are_held_against_each_other(finished):
    found = finished[0].measurements
    assert set(found) == {"spectrum_between_seeds", "spectrum_between_recipes"}
    assert [len(decode(Likeness, each.details).pairs) for each in found.values()] == [2, 2]


def test_the_report_has_a_table_of_each(finished):
    run, printed = finished
    titles = (
        "Spectra of what training changed",
        "Attention against the base's",
        "Representations against",
        "Feed-forward",
        "While it trained",
        "Scores along",
    )
    assert [title for title in titles if title not in printed] == []
    assert "Directions of the changes between cells" in printed
    page = (run.folder / "report.html").read_text()
    assert "Inside the model" in page
    assert "linear CKA" in page

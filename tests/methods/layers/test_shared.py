"""Norms that another recipe measured: the same in every bit, and never of another question or of half a file."""

import json
import threading
from dataclasses import replace

import pytest

from harness.errors import TrainingError
from harness.methods.layers import gradient
from harness.methods.layers._base import Request
from harness.methods.layers.choose import select
from harness.methods.layers.shared import SharedProbes
from harness.spec.records import Layers

MODEL = {"sha256": "weights", "dtype": "float32", "quantization": None}
ASKED = {"purpose": "gradient", "batches": ["b1", "b2"]}
NORMS = [0.1, 1 / 3, 2.5e-17, 4.0]


def never():
    raise AssertionError("measured again")


@pytest.fixture
def asking(tiny, batches, tmp_path):
    def ask(*, count=2, chunk=None, probe_batches=3, model=MODEL, run=tmp_path, among=batches, network=None):
        layers = Layers(strategy="gradient", count=count, options={"chunk": chunk} if chunk else {})
        return select(
            Request(
                layers=layers,
                total=4,
                count=count,
                seed=0,
                probe_batches=probe_batches,
                model=network or tiny(),
                batches=among,
                probes=None if run is None else SharedProbes(run, model),
            )
        )

    return ask


def test_any_number_of_layers_is_chosen_by_one_measurement_with_the_same_bits(asking):
    first = asking(count=1)
    for count in (1, 2, 3):
        shared, own = asking(count=count), asking(count=count, run=None)
        assert shared.indices == own.indices
        assert shared.probe.scores == own.probe.scores
        assert (shared.probe.shared, own.probe.shared, first.probe.shared) == (True, False, False)
        assert shared.probe.seconds == first.probe.seconds


def test_another_question_is_measured(asking, batches):
    def later():
        return list(batches())[1:]

    def other_labels():
        return [{**batch, "labels": batch["labels"].clone().fill_(5)} for batch in batches()]

    asking()
    others = (
        {"chunk": 3},
        {"probe_batches": 2},
        {"among": later},
        {"among": other_labels},
        *({"model": {**MODEL, name: "other"}} for name in MODEL),
    )
    for other in others:
        assert not asking(**other).probe.shared, other
        assert asking(**other).probe.shared, other
    assert asking().probe.shared


def test_what_is_read_is_what_was_measured(tmp_path):
    made = SharedProbes(tmp_path, MODEL).measured(ASKED, lambda: NORMS)
    read = SharedProbes(tmp_path, MODEL).measured(ASKED, never)
    assert made.values == read.values == tuple(NORMS)
    assert read == replace(made, shared=True)


def half(text):
    return text[: len(text) // 2]


def one_number_changed(text):
    return text.replace("0.1", "0.2")


def of_another_question(text):
    said = json.loads(text)
    said["model"]["dtype"] = "bfloat16"
    return json.dumps(said)


def deep(text):
    return "[" * 100_000


@pytest.mark.parametrize("damage", [half, one_number_changed, of_another_question, deep, lambda _: "", lambda _: "7"])
def test_a_damaged_file_is_named_measured_again_and_replaced(damage, tmp_path):
    probes = SharedProbes(tmp_path, MODEL)
    probes.measured(ASKED, lambda: NORMS)
    (file,) = (tmp_path / "probes").iterdir()
    whole = file.read_text()
    file.write_text(damage(whole))
    found = probes.measured(ASKED, lambda: NORMS)
    assert (found.values, found.shared) == (tuple(NORMS), False)
    (note,) = found.notes
    assert note.startswith(f"measured again: {file.name} ")
    assert probes.measured(ASKED, never).shared


def test_a_file_of_another_question_under_this_name_is_not_used(tmp_path):
    probes = SharedProbes(tmp_path, MODEL)
    probes.measured(ASKED, lambda: NORMS)
    (file,) = (tmp_path / "probes").iterdir()
    probes.measured({**ASKED, "purpose": "other"}, lambda: NORMS[::-1])
    (other,) = set((tmp_path / "probes").iterdir()) - {file}
    file.write_bytes(other.read_bytes())
    found = probes.measured(ASKED, lambda: NORMS)
    assert found.values == tuple(NORMS)
    assert found.notes == (f"measured again: {file.name} answers another question than its name says",)


def test_a_folder_that_takes_nothing_is_said_and_nothing_else_changes(tmp_path):
    (tmp_path / "probes").write_text("in the way")
    found = SharedProbes(tmp_path, MODEL).measured(ASKED, lambda: NORMS)
    assert (found.values, found.shared) == (tuple(NORMS), False)
    assert "takes no more" in found.notes[0]


def test_a_failed_measurement_leaves_nothing_and_lets_others_measure(asking, tiny, tmp_path):
    broken = tiny()
    broken.model.layers[1].mlp.up_proj.weight.data.fill_(float("nan"))
    with pytest.raises(TrainingError):
        asking(network=broken)
    assert not (tmp_path / "probes").exists()
    assert not asking().probe.shared


def test_whoever_comes_while_another_measures_waits_and_measures_nothing(tmp_path):
    begun, may_end = threading.Event(), threading.Event()
    found = []

    def slow():
        begun.set()
        may_end.wait(60)
        return NORMS

    def ask(measure):
        found.append(SharedProbes(tmp_path, MODEL).measured(ASKED, measure))

    first = threading.Thread(target=ask, args=(slow,))
    first.start()
    assert begun.wait(60)
    second = threading.Thread(target=ask, args=(never,))
    second.start()
    may_end.set()
    first.join()
    second.join()
    assert [each.shared for each in found] == [False, True]


def test_without_locks_two_measure_at_once_and_agree(tmp_path, monkeypatch):
    def no_locks(*_, **__):
        raise OSError("no locks here")

    monkeypatch.setattr("harness.ledger.file_locks.FileLock.acquire", no_locks)
    inner = SharedProbes(tmp_path, MODEL)

    def measured_meanwhile():
        assert inner.measured(ASKED, lambda: NORMS).shared is False
        return NORMS

    assert SharedProbes(tmp_path, MODEL).measured(ASKED, measured_meanwhile).values == tuple(NORMS)
    assert inner.measured(ASKED, never).values == tuple(NORMS)


def test_one_pass_serves_recipes_of_all_shares(asking, monkeypatch):
    passes = []

    def counted(*args, **kwargs):
        passes.append(args)
        return norms(*args, **kwargs)

    norms = gradient.gradient_norms
    monkeypatch.setattr(gradient, "gradient_norms", counted)
    for count in (1, 2, 3):
        asking(count=count)
    assert len(passes) == 1

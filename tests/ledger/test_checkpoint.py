"""A checkpoint is read where every file is as it was written; anything else is named and never half used."""

import json

import pytest
import torch

from harness.ledger.checkpoint import RECORD, DamagedCheckpointError, read_checkpoint
from harness.training import state as states
from harness.training.checkpoint import state_of, write_checkpoint

STATE = {
    "numbers": [1, -0.1, float("inf"), True, None, "text"],
    "pair": (0.9, (0.999, "x")),
    "by number": {0: {"step": torch.tensor(3.0), "moment": torch.randn(3, 2).T}},
    "half": torch.randn(4).bfloat16(),
    "bytes": torch.arange(5, dtype=torch.uint8),
    "none": [],
}


def same(one, other):
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@pytest.fixture
def kept(tmp_path):
    write_checkpoint(tmp_path / "training", step=4, steps=9, about={"place": 0}, state=STATE)
    return tmp_path / "training"


def test_what_is_written_is_read_again_in_every_bit(kept, monkeypatch):
    found = read_checkpoint(kept)
    assert (found.step, found.steps, found.about) == (4, 9, {"place": 0})
    assert same(state_of(found, kept), STATE)
    monkeypatch.setattr(states, "SHARD", 1)  # a file a tensor
    write_checkpoint(kept, step=5, steps=9, about={}, state=STATE)
    again = read_checkpoint(kept)
    assert (again.step, len(again.files)) == (5, 4)
    assert same(state_of(again, kept), STATE)
    assert {path.name for path in kept.iterdir()} == {RECORD, *again.files}  # those of the one before are gone


def test_there_need_not_be_one(tmp_path):
    assert read_checkpoint(tmp_path) is None


@pytest.mark.parametrize("name", [RECORD, "step-4-0.safetensors"])
@pytest.mark.parametrize("how", ["flip", "cut", "empty", "folder"])
def test_one_that_is_damaged_is_named(kept, name, how):
    path = kept / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if how == "folder":
        path.mkdir()
    else:
        path.write_bytes({"flip": content, "cut": content[:-3], "empty": b""}[how])
    with pytest.raises(DamagedCheckpointError, match=name):
        read_checkpoint(kept)


def test_one_whose_tensors_are_gone_is_named(kept):
    (kept / "step-4-0.safetensors").unlink()
    with pytest.raises(DamagedCheckpointError, match="step-4-0"):
        read_checkpoint(kept)


def test_a_file_elsewhere_is_not_looked_at(kept):
    record = json.loads((kept / RECORD).read_text())
    del record["sha256"]
    record["files"] = {"../../etc/passwd": {"sha256": "0", "bytes": 1}}
    (kept / RECORD).write_text(json.dumps(record))
    with pytest.raises(DamagedCheckpointError, match="not within the folder"):
        read_checkpoint(kept)


@pytest.mark.parametrize("state", [{"tensor": 99}, {"odd": 1}, {"dict": 3}, {"tuple": 1, "dict": 2}, {}])
def test_what_is_no_state_is_said(kept, state):
    record = json.loads((kept / RECORD).read_text())
    del record["sha256"]
    (kept / RECORD).write_text(json.dumps({**record, "state": state}))
    with pytest.raises(DamagedCheckpointError, match="no state of a training"):
        state_of(read_checkpoint(kept), kept)


def test_an_object_is_not_kept(tmp_path):
    with pytest.raises(states.UnkeptStateError, match="type object, it cannot be kept"):
        write_checkpoint(tmp_path, step=1, steps=2, about={}, state={"x": object()})
    assert read_checkpoint(tmp_path) is None

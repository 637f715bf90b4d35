"""What is kept comes back in every bit, or is told; where nothing can be kept, nothing fails."""

import errno

import pytest
import torch
from safetensors.torch import save_file

from harness.model import prefix_store
from harness.model.prefix_store import PrefixStore

HIDDEN = torch.randn(2, 5, 8)
BYTES = HIDDEN.numel() * 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_what_is_kept_comes_back_in_every_bit(tmp_path, dtype):
    store, hidden = PrefixStore(tmp_path / "prefix", bound=10**6), HIDDEN.to(dtype)
    assert store.read("key", "batch") is None
    assert store.keep("key", "batch", hidden) == hidden.nbytes
    assert store.has("key", "batch")
    found = PrefixStore(tmp_path / "prefix", bound=0).read("key", "batch")
    assert found.dtype == dtype
    assert torch.equal(found, hidden)
    assert store.read("other", "batch") is store.read("key", "other") is None
    assert [each.name for each in (tmp_path / "prefix" / "key").iterdir()] == ["batch.safetensors"]


@pytest.mark.parametrize("how", ["a bit", "cut", "no checksum", "empty"])
def test_what_is_not_as_it_was_written_is_named(tmp_path, how):
    store = PrefixStore(tmp_path, bound=10**6)
    store.keep("key", "batch", HIDDEN)
    path = tmp_path / "key" / "batch.safetensors"
    written = path.read_bytes()
    if how == "no checksum":
        save_file({"hidden_states": HIDDEN}, path)
    else:
        path.write_bytes({"a bit": written[:-1] + bytes([written[-1] ^ 1]), "cut": written[:-9], "empty": b""}[how])
    with pytest.raises(ValueError, match=r"^key/batch\.safetensors (does not hold|cannot be read)"):
        store.read("key", "batch")
    store.keep("key", "batch", HIDDEN)
    assert torch.equal(store.read("key", "batch"), HIDDEN)


def test_there_is_a_bound_on_all_that_is_kept(tmp_path):
    store = PrefixStore(tmp_path, bound=3 * BYTES)
    assert [bool(store.keep("key", f"{number}", HIDDEN)) for number in range(4)] == [True, True, False, False]
    assert store.trouble == f"the {3 * BYTES:,} bytes of execute.frozen_prefix_bytes are taken"
    assert PrefixStore(tmp_path, bound=3 * BYTES).keep("key", "another", HIDDEN) == 0
    assert torch.equal(store.read("key", "1"), HIDDEN)


def test_a_folder_that_cannot_be_made_is_trouble_and_no_error(tmp_path):
    (tmp_path / "prefix").write_text("a file")
    store = PrefixStore(tmp_path / "prefix", bound=10**6)
    assert store.read("key", "batch") is None
    assert store.keep("key", "batch", HIDDEN) == 0
    assert "takes no more" in store.trouble


def test_a_full_disk_is_trouble_and_leaves_no_part_of_a_file(tmp_path, monkeypatch):
    def full(_tensors, path, **_):
        path = prefix_store.Path(path)
        path.write_bytes(b"part")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(prefix_store, "save_file", full)
    store = PrefixStore(tmp_path, bound=10**6)
    assert store.keep("key", "batch", HIDDEN) == 0
    assert "No space left on device" in store.trouble
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

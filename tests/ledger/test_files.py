"""Files appear whole or not at all."""

import pytest

from harness.ledger.files import write_json, write_text


def test_the_new_text_replaces_the_old_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "deep" / "file.json"
    write_text(path, "old")
    write_text(path, "new")
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_value_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="Out of range"):
        write_json(path, {"a": float("nan")})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_keys_are_sorted_so_that_equal_values_are_equal_bytes(tmp_path):
    write_json(tmp_path / "a", {"x": 1, "b": 2})
    write_json(tmp_path / "b", {"b": 2, "x": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_new_folder_is_held_by_the_one_that_it_is_in(tmp_path, monkeypatch):
    held = []
    monkeypatch.setattr("harness.ledger.files.sync", held.append)
    write_text(tmp_path / "cells" / "one" / "result.json", "{}")
    assert held == [tmp_path, tmp_path / "cells", tmp_path / "cells" / "one"]


@pytest.mark.parametrize("held", [True, False])
def test_only_a_file_that_is_to_be_held_is_synced_and_either_is_whole(tmp_path, monkeypatch, held):
    asked = []
    monkeypatch.setattr("os.fsync", asked.append)
    write_text(tmp_path / "file.json", "text", held=held)
    assert (tmp_path / "file.json").read_text() == "text"
    assert len(asked) == 2 * held
    assert list(tmp_path.iterdir()) == [tmp_path / "file.json"]

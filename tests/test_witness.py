"""What a process reads is noted; where something was learned from elsewhere, or changed meanwhile, nothing is said."""

import importlib.util
import os
import subprocess
import sys

import pytest

from harness.witness import looking_through, note, vouched, witnessing


def files(seen):
    return {each.path: each for each in seen.files}


def test_files_that_are_opened_are_noted_with_their_checksums_and_those_that_are_not_there(tmp_path):
    (tmp_path / "rows.json").write_text("[]")
    with witnessing() as witness:
        (tmp_path / "rows.json").read_text()
        with pytest.raises(FileNotFoundError):
            (tmp_path / "more.json").open()
        (tmp_path / "written.json").write_text("{}")
    found = files(witness.seen())
    assert set(found) == {str(tmp_path / "rows.json"), str(tmp_path / "more.json")}
    assert len(found[str(tmp_path / "rows.json")].sha256) == 64
    assert found[str(tmp_path / "more.json")].absent


def test_a_module_counts_by_its_source_also_where_python_reads_what_it_compiled(tmp_path):
    source = tmp_path / "loader_of_a_test.py"
    source.write_text("VALUE = 1\n")
    for _ in range(2):
        with witnessing() as witness:
            spec = importlib.util.spec_from_file_location("loader_of_a_test", source)
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
        assert str(source) in files(witness.seen())


def test_what_is_noted_counts_with_every_file_below_it(tmp_path):
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "weights").write_bytes(b"1")
    with witnessing() as witness:
        note(tmp_path / "model")
    assert set(files(witness.seen())) == {str(tmp_path / "model" / "deep" / "weights")}
    note(tmp_path / "model")  # nobody looks


def test_folders_count_where_somebody_else_looks_through_them(tmp_path):
    (tmp_path / "a.json").write_text("1")
    with witnessing() as witness:
        list(tmp_path.glob("*.json"))
    assert witness.seen().folders == {}
    with witnessing() as witness, looking_through():
        os.listdir(tmp_path)  # noqa: PTH208 - as a stranger does
    assert witness.seen().folders == {str(tmp_path): ("a.json",)}
    (tmp_path / "b.json").write_text("1")
    assert witness.seen() is None


@pytest.mark.parametrize("change", ["write", "remove"])
def test_nothing_is_said_where_a_file_changed_after_it_was_read(tmp_path, change):
    path = tmp_path / "rows.json"
    path.write_text("[1]")
    with witnessing() as witness:
        path.read_text()
        path.write_text("[2]") if change == "write" else path.unlink()
    assert witness.seen() is None


def test_nothing_is_said_where_another_program_was_asked_unless_it_is_vouched_for():
    command = [sys.executable, "-c", ""]
    with witnessing() as witness, vouched():
        subprocess.run(command, check=True)
    assert witness.seen() is not None
    with witnessing() as witness:
        subprocess.run(command, check=True)
    assert witness.seen() is None
    assert "subprocess.Popen" in witness.outside[0]

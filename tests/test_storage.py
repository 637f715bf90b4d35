"""What a disk refuses is told as that, with what to do, and no mistake of a user's is taken for it."""

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import StorageError, TaskError
from harness.storage import cannot_be_written, reading, refusals_told, storage_error, why_not
from helpers.commands import ROOT


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, "no_space"),
        (errno.EDQUOT, "no_space"),
        (errno.EFBIG, "too_large"),
        (errno.EROFS, "permission"),
        (errno.ENOENT, "vanished"),
        (errno.ENOTCONN, "input_output"),
        (errno.EISDIR, "in_the_way"),
        (errno.EIO, "input_output"),
    ],
)
def test_the_systems_numbers_have_kinds_and_remedies(number, kind):
    found = storage_error(OSError(number, os.strerror(number), "/run/result.json"))
    assert (found.kind, found.exit_code) == (kind, 74)
    assert f"/run/result.json: {os.strerror(number)}." in str(found)
    assert "The same command then goes on" in str(found)


def test_a_number_in_the_text_of_a_librarys_own_error_is_read():
    assert storage_error(RuntimeError("I/O error: No space left on device (os error 28)")).kind == "no_space"
    assert storage_error(ValueError("no 28 here")) is None


def test_a_task_whose_file_is_missing_stays_its_mistake_and_one_on_a_full_disk_does_not(tmp_path):
    def caused(number):
        error = TaskError("task x cannot be loaded")
        error.__cause__ = OSError(number, "said", str(tmp_path / "q.json"))
        return error

    assert storage_error(caused(errno.ENOENT)) is None
    assert storage_error(caused(errno.ENOSPC)).kind == "no_space"


def test_a_missing_file_counts_below_the_places_alone(tmp_path):
    error = FileNotFoundError(errno.ENOENT, "gone", str(tmp_path / "run" / "x"))
    assert storage_error(error, tmp_path / "run").kind == "vanished"
    assert storage_error(error, tmp_path / "cache") is None


@pytest.mark.parametrize(("error", "code"), [(OSError(errno.ENOSPC, "full"), 74), (RuntimeError("what"), 70)])
def test_the_command_line_tells_a_full_disk_from_a_bug(error, code, monkeypatch, capsys):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr("harness.cli.ls.run", fails)
    assert main(["ls"]) == code
    said = capsys.readouterr().err
    assert ("Traceback" in said) == (code == 70)
    assert ("Please report it" in said) == (code == 70)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize(("where", "code"), [(("stdout",), 74), (("stderr",), 0), (("stdout", "stderr"), 74)])
def test_output_that_goes_to_a_full_disk_ends_a_command_as_that_and_nothing_else_does(where, code):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        streams = {name: full if name in where else subprocess.PIPE for name in ("stdout", "stderr")}
        command = [sys.executable, "-m", "harness", "show", "quick"]
        done = subprocess.run(command, **streams, text=True, check=False, cwd=ROOT)
    assert done.returncode == code
    if "stderr" not in where:
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


def test_a_reader_that_leaves_is_no_failure():
    command = [sys.executable, "-m", "harness", "show", "quick"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_refusal_that_nobody_can_be_told_keeps_its_exit_code():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([sys.executable, "-m", "harness", "show", "nothing"], stderr=full, check=False, cwd=ROOT)
    assert done.returncode == 64


def test_a_storage_error_keeps_its_kind():
    error = StorageError("no_space", "x.")
    assert storage_error(error) is error


def test_a_folder_of_which_the_disk_says_nothing_more_is_a_disk_in_trouble(tmp_path):
    assert why_not(tmp_path) == "input_output"
    assert why_not(tmp_path / "gone") == "vanished"


def test_what_is_no_refusal_passes_through():
    with pytest.raises(ValueError, match="mine"), refusals_told():
        raise ValueError("mine")
    with pytest.raises(StorageError, match="full"), refusals_told():
        raise OSError(errno.ENOSPC, "full")


def test_a_folder_that_cannot_be_written_is_told_with_both_remedies():
    told = str(cannot_be_written("runs/x", OSError(errno.ENOSPC, "No space left on device"), "Choose another."))
    assert told.startswith("runs/x cannot be written (No space left on device). The disk or its quota is full")
    assert "Choose another. The same command" in told


def test_pytorchs_failed_writes_are_asked_of_the_disk(tmp_path):
    error = RuntimeError("PytorchStreamWriter failed writing file: file write failed")
    assert storage_error(error, tmp_path).kind == "input_output"


def test_what_names_no_file_is_told_with_every_place_that_it_may_have_been(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    told = str(storage_error(OSError(errno.ENOSPC, "full"), tmp_path / "run", tmp_path / "cache"))
    assert f"full, in {tmp_path / 'run'}, the cache {tmp_path / 'cache'} (HARNESS_CACHE) or the temporary" in told


def test_a_librarys_own_error_for_a_full_disk_is_told_as_that_and_another_passes():
    with pytest.raises(StorageError, match="os error 28"), refusals_told():
        raise RuntimeError("No space left on device (os error 28)")
    with pytest.raises(RuntimeError, match="No such file"), refusals_told():
        raise RuntimeError("No such file or directory (os error 2)")


def test_no_temporary_folder_that_takes_anything_is_no_bug(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "gone")])
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setattr("harness.cli.ls.run", lambda *_: tempfile.gettempdir())
    assert main(["ls"]) == 74
    said = capsys.readouterr().err
    assert "No usable temporary directory" in said
    assert "Traceback" not in said


def test_a_network_that_times_out_is_no_disk():
    assert storage_error(TimeoutError(errno.ETIMEDOUT, "timed out")) is None


def test_what_below_a_folder_cannot_be_written_is_named_with_it():
    below = PermissionError(errno.EACCES, "Permission denied", "runs/gap/claims/commands.lock")
    said = str(cannot_be_written("runs/gap", below, "Choose another."))
    assert said.startswith("runs/gap cannot be written (Permission denied: runs/gap/claims/commands.lock).")


def test_a_file_that_this_user_may_not_read_may_be_whole_and_a_missing_one_is_not():
    with (
        pytest.raises(StorageError, match=r"^result.json cannot be read \(Permission") as told,
        reading("here"),
    ):
        raise PermissionError(errno.EACCES, "Permission denied", "result.json")
    assert told.value.kind == "permission"
    with pytest.raises(StorageError, match=r"^here cannot be read"), reading("here"):
        raise OSError(errno.EIO, "Input/output error")
    with pytest.raises(FileNotFoundError), reading("here"):
        raise FileNotFoundError(errno.ENOENT, "No such file", "result.json")

"""A run folder of a stranger's names no file outside its cells, and what is no file is not read."""

import json
import os
import shutil
from pathlib import Path

import pytest

from harness.cli import main

RUN = Path(__file__).parent / "fixtures" / "run-of-version-1"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(RUN, tmp_path / "run"))


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../../etc/passwd", "/dev/zero", "eval/../../x"])
@pytest.mark.parametrize("field", ["samples", "results"])
def test_a_record_cannot_name_a_file_elsewhere(run, capsys, field, path):
    file = next((run / "cells").glob("base--*/result.json"))
    content = json.loads(file.read_text())
    content["evaluations"][0][field] = path
    file.write_text(json.dumps(content))
    assert main(["report", "run"]) == 65
    assert "is not in the cell's folder" in capsys.readouterr().err


def test_a_lock_cannot_name_cells_elsewhere(run, capsys):
    lock = json.loads((run / "spec.lock.json").read_text())
    lock["cells"][0] = "../../elsewhere"
    (run / "spec.lock.json").write_text(json.dumps(lock))
    assert main(["report", "run"]) == 64
    assert "cannot name a cell" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["spec.lock.json", "cells/base--*/result.json", "cells/full--default--s1*/eval/*/samples_sums_2*"]
)
@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_a_pipe_or_device_in_its_place_is_said_and_not_read(run, capsys, name, kind):
    file = next(run.glob(name))
    file.unlink()
    if kind == "device":
        file.symlink_to("/dev/zero")
    else:
        os.mkfifo(file)
    codes = {"spec.lock.json": 64, "cells/base--*/result.json": 65}  # a suite that cannot be compared is left out
    assert main(["report", "run"]) == codes.get(name, 0)
    assert "not a regular file" in " ".join("".join(capsys.readouterr()).split())

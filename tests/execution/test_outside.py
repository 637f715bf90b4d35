"""A whole run under two watchers: nothing is written outside the run folder, the cache and the temporary folder.

No program is started but Python, and those that say what machine and code this is. One watcher hears what Python is
asked for; the other what the system is, by compiled code too, where there is `strace`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from helpers.calls import can_watch, outside, started, watched, written

WATCHER = """
import os
import sys

ALLOWED = tuple(os.environ["WATCHED_ALLOWED"].split(os.pathsep))
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def note(event, arguments):
    if event not in CHANGES and not (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING):
        return
    if event in ("os.remove", "os.rmdir", "os.mkdir") and arguments[-1] != -1:
        return  # relative to a folder that is removed as a whole, which is an event of its own
    named = arguments[:2] if event in ("os.rename", "os.link") else arguments[:1]
    for each in named:
        if isinstance(each, (str, bytes, os.PathLike)):
            path = os.path.abspath(os.fsdecode(each))
            if not path.startswith(ALLOWED):
                # Not by open(), which would be noted too.
                descriptor = os.open(os.environ["WATCHED_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
                os.write(descriptor, f"{event} {path}\\n".encode())
                os.close(descriptor)


sys.addaudithook(note)
"""


@pytest.mark.run
def test_a_run_writes_into_its_folder_and_the_cache_alone(tmp_path, tiny_spec):
    site, notes, out = tmp_path / "site", tmp_path / "notes", tmp_path / "out"
    names = ("HARNESS_CACHE", "TMPDIR", "HF_HOME", "TORCHINDUCTOR_CACHE_DIR")
    places = {name: tmp_path / name.lower() for name in names}
    for folder in (site, *places.values()):
        folder.mkdir()
    (site / "sitecustomize.py").write_text(WATCHER)
    allowed = [str(each) for each in (notes, out, *places.values(), "/dev/", "/proc/self/")]
    environment = {
        **os.environ,
        **{name: str(path) for name, path in places.items()},
        "PYTHONPATH": os.pathsep.join([str(site), str(Path(harness.__file__).parents[1])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WATCHED_ALLOWED": os.pathsep.join(allowed),
        "WATCHED_NOTES": str(notes),
    }
    calls = tmp_path / "calls"
    by = watched(calls) if can_watch() else ()
    command = [sys.executable, "-m", "harness", "run", str(tiny_spec), "--out", str(out), "--seeds", "1"]
    done = subprocess.run([*by, *command], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode in (0, 2), done.stderr[-2000:]
    assert (out / "verdict.json").exists()
    assert not notes.exists() or notes.read_text() == ""
    if by:
        # The folder of runs is stamped, by which commands beside this one see that somebody came.
        assert outside(calls, tmp_path, [notes, out, *places.values()]) == [f"utimensat {tmp_path}"]
        seen = {path.name for _, path in written(calls, tmp_path)}
        assert {"verdict.json", "adapter_model.safetensors", "log.txt"} <= seen
        assert started(calls) - {"git", "uname", "nvidia-smi"} == {Path(sys.executable).name}
        assert "mkdir " + str(out) in outside(calls, tmp_path, list(places.values()))

    # The watcher sees what it is to see.
    probe = "open('elsewhere', 'w').close()"
    subprocess.run([sys.executable, "-c", probe], env=environment, check=True, cwd=tmp_path)
    assert "elsewhere" in notes.read_text()

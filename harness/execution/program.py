"""The worker program as something to start: its command line, and the environment that gives it its one device."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import harness

_QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",  # a log is read afterwards: bars in it are lines of a thousand characters
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "BITSANDBYTES_NOWELCOME": "1",
}
_ALLOCATOR = {
    "GLIBC_TUNABLES": ":".join(
        [
            "glibc.malloc.hugetlb=1",
            f"glibc.malloc.mmap_threshold={8 << 30}",
            f"glibc.malloc.trim_threshold={16 << 30}",
        ]
    )
}
"""The C library keeps large tensors' memory, in large pages, instead of giving it back after every use of it: on a CPU
a tenth of the time goes into pages that are taken again. Other C libraries do not read it."""

_NO_ACCELERATOR = {"CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}


OURS = "HARNESS_"
"""How the names of harness's own variables begin."""
PARENT = f"{OURS}PARENT"
"""The variable with the process that a worker program ends with, the one that started it; unset, it ends by itself."""


def worker_command(*words: str | Path) -> list[str]:
    """Return the command line of a worker program; its one word is the path of a unit's file.

    The folder that it is started in is kept off the module path: a user's folder may hold a `torch.py`.
    """
    return [sys.executable, "-P", "-m", "harness.worker", *map(str, words)]


def start_worker(
    words: Sequence[str | Path], environment: Mapping[str, str], log: Path, *, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    """Start a worker program whose events can be read and whose standard error is the end of the log."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own program, arguments without a shell
            worker_command(*words), stdin=stdin, stdout=subprocess.PIPE, stderr=output, env=environment
        )


def worker_environment(device: str | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment variables of a worker program on this machine that sees `device` and no other.

    `more` are a unit's own. The program imports this package, whatever is installed, and what `PYTHONPATH` has.
    """
    home = str(Path(harness.__file__).resolve().parent.parent)
    path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**_QUIET, **_ALLOCATOR, **os.environ, **environment_of(device), **(more or {}), "PYTHONPATH": path}


def environment_of(device: str | None) -> Mapping[str, str]:
    """Return the variables that leave a process one device; none where the worker is to look for itself."""
    kind, _, index = (device or "").partition(":")
    if kind == "cpu":
        return _NO_ACCELERATOR
    if kind == "cuda":
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        devices = visible.split(",") if visible else []
        place = int(index or 0)
        return {"CUDA_VISIBLE_DEVICES": devices[place] if place < len(devices) else str(place)}
    return {}

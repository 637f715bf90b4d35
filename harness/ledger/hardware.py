"""What a run computes on and with which code, as far as that is told without asking an accelerator's library."""

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import harness

_NVIDIA = Path("/proc/driver/nvidia/gpus")
_PROCESSORS = Path("/proc/cpuinfo")
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """The commit of harness's own checkout, and whether its files were changed since."""

    commit: str
    dirty: bool

    def __str__(self) -> str:
        """``commit 1234…``, and whether files were changed."""
        return f"commit {self.commit}{' with changes' if self.dirty else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """A machine: its architecture, processor, cores, bytes of memory, and accelerators by name."""

    machine: str = ""
    processor: str = ""
    cores: int | None = None
    memory_bytes: int | None = None
    accelerators: tuple[str, ...] = ()

    def __str__(self) -> str:
        """``x86_64, AMD EPYC, 2 cores, 8.0 GB``, and the accelerators."""
        cores = None if self.cores is None else f"{self.cores} cores"
        memory = None if self.memory_bytes is None else f"{self.memory_bytes / 1e9:.1f} GB"
        return ", ".join(filter(None, [self.machine, self.processor, cores, memory, *self.accelerators]))


def hardware() -> Hardware:
    """Return what this machine is, as far as the system tells."""
    return Hardware(
        machine=platform.machine(),
        processor=_processor() or platform.processor(),
        cores=os.cpu_count(),
        memory_bytes=_memory(),
        accelerators=tuple(_accelerators()),
    )


def code(home: Path | None = None) -> Code | None:
    """Return what harness's code is where it lies in a checkout of git; None where it is installed, or without git."""
    root = home or Path(harness.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return None if not commit or changed is None else Code(commit=commit, dirty=bool(changed))


def _git(root: Path, *words: str) -> str | None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "--no-optional-locks", "-C", str(root), *words]
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(  # noqa: S603 - git of the user's own path, in harness's own folder
            command, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
        return done.stdout.strip()
    return None


def _processor() -> str:
    with suppress(OSError):
        for line in _PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return ""


def _memory() -> int | None:
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _accelerators() -> Iterator[str]:
    with suppress(OSError):
        for each in sorted(_NVIDIA.glob("*/information")):
            for line in each.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith("Model:"):
                    yield line.partition(":")[2].strip()

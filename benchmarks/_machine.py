"""What a figure was measured on, and what else the machine was doing."""

import argparse
import datetime as dt
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "harness-gap",
    "torch",
    "transformers",
    "trl",
    "peft",
    "bitsandbytes",
    "accelerate",
    "lm_eval",
    "numpy",
    "scipy",
)
FLAGS = ("avx2", "avx512f", "amx_tile")
"""What decides how fast a CPU multiplies matrices."""

BUSY = 0.3
"""Load average at the start above which wall times are not those of the benchmark alone."""


def described() -> str:
    """Return lines on date, CPU, cores, load, threads and versions; a busy machine is named."""
    load = os.getloadavg()[0]
    words = f"load average at the start {load:.2f}"
    if load > BUSY:
        words += " (BUSY: wall times are not this benchmark's alone, read the ratios of CPU seconds)"
    has = cpu_flags()
    flags = ", ".join(f"{flag} {'yes' if flag in has else 'no'}" for flag in FLAGS)
    day = dt.datetime.now(tz=dt.UTC).date()
    threads = os.environ.get("OMP_NUM_THREADS", "as torch chooses")
    return "\n".join(
        [
            f"{day}, {cpu_name()}, {cores()} cores, {flags}",
            f"{words}, OMP_NUM_THREADS {threads}",
            f"Python {platform.python_version()}, " + ", ".join(filter(None, map(_version, LIBRARIES))),
        ]
    )


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_name() -> str:
    """Return the CPU's name as Linux knows it, else as Python does."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def cpu_flags() -> frozenset[str]:
    """Return what the CPU can do by Linux's names; nothing elsewhere."""
    return frozenset(_cpuinfo("flags").split())


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a benchmark's command line, with the switch that all have."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--fast", action="store_true", help="bounded: what a few minutes show")
    return made


def _version(library: str) -> str | None:
    try:
        return f"{library} {version(library)}"
    except PackageNotFoundError:
        return None


def _cpuinfo(field: str) -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.partition("\t")[0].strip() == field), "")

"""This machine's speed at a model's shape, measured once and kept in the cache until something of either changes."""

import contextlib
import hashlib
import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from harness.codec import DecodeError, decode, encode
from harness.ledger.files import write_json
from harness.model.devices import device_kind, device_name
from harness.paths import cache_root
from harness.preflight.calibrate import REFERENCE, Calibration, is_measurable, measure, scaled

VERSION = 1
"""Part of what a calibration is kept by: raise it when `measure` measures something else."""

_PROCESSORS = Path("/proc/cpuinfo")


BUSY = 1.25
"""A CPU that needs so many times its own time to measure is busy with something else."""
BUSY_SECONDS = 3600.0
"""How long what a busy machine measured is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A calibration, the day (ISO 8601) on which it was measured, and whether the machine was busy then.

    A busy machine is slower than it will be: what it measures is kept for an hour, in which one plan after the other
    need not measure again. `scaled` tells whether it was measured at another shape, and scaled by counted operations.
    """

    calibration: Calibration
    day: str
    busy: bool = False
    scaled: bool = False


def calibrated(config: Mapping[str, Any], device: str, *, anew: bool = False) -> Kept:
    """Return the speed of `device` at the shape of `config`: as it was kept, or measured now and kept.

    The speed at a large shape is scaled from that at a small one. `anew` replaces what was kept. A cache that cannot be
    read or written costs the few seconds of measuring, and nothing else.
    """
    if is_measurable(config, device):
        return _kept(config, device, anew=anew)
    found = _kept(REFERENCE, device, anew=anew)
    return replace(found, calibration=scaled(found.calibration, config), scaled=True)


def _kept(config: Mapping[str, Any], device: str, *, anew: bool) -> Kept:
    path = cache_root() / "calibration" / f"{_key(config, device)}.json"
    found = None if anew else _read(path)
    if found is not None:
        return found
    now = _measured(config, device)
    with contextlib.suppress(OSError):
        write_json(path, encode(now))
    return now


def _measured(config: Mapping[str, Any], device: str) -> Kept:
    wall, own = time.perf_counter(), time.thread_time()
    found = measure(config, device)
    wall, own = time.perf_counter() - wall, time.thread_time() - own
    busy = device_kind(device) == "cpu" and wall > BUSY * own
    return Kept(calibration=found, day=datetime.now(UTC).date().isoformat(), busy=busy)


def _read(path: Path) -> Kept | None:
    """Return what was kept, None where that is nothing, damaged, or of a machine that was busy and may not be now."""
    try:
        found = decode(Kept, json.loads(path.read_text(encoding="utf-8")))
        fresh = not found.busy or time.time() - path.stat().st_mtime < BUSY_SECONDS
    except (OSError, ValueError, RecursionError, DecodeError):
        return None
    return found if fresh else None


def _key(config: Mapping[str, Any], device: str) -> str:
    """Return a digest of the model's shape, the machine and what computes on it."""
    said = {
        "version": VERSION,
        "config": {name: value for name, value in config.items() if not name.startswith("_")},
        "device": device_name(device),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _processor() -> str:
    """Return the processor's name; Python knows only its kind on Linux."""
    try:
        lines = _PROCESSORS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())

"""How many cells run at once: as many as are asked for, and as there are processors, accelerators and memory for."""

import os

from harness.spec.records import Execution


def workers_of(execute: Execution) -> int:
    """Return the declared number; with ``auto`` one for each `threads` processors that this process may use.

    Nothing is known yet of memory and accelerators, which may allow fewer: see `places`. On an accelerator
    without `threads` every processor counts, for there a worker needs a device and few processors. On a CPU without
    `threads` a cell uses all processors, and one runs at a time.
    """
    if execute.workers != "auto":
        return execute.workers
    processors = _processors()
    on_cpu = execute.device in (None, "cpu")
    return max(1, processors // (execute.threads or (processors if on_cpu else 1)))


def allowed_processors() -> list[int] | None:
    """Return the processors that this process may use, None where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _processors() -> int:
    allowed = allowed_processors()
    return (os.cpu_count() or 1) if allowed is None else len(allowed)


def places(workers: int, devices: int | None, fitting: int | None) -> int:
    """Return how many of the workers have a device of their own or, on a CPU (`devices` None), memory; one at least."""
    room = [workers, *(each for each in (devices, fitting) if each is not None)]
    return max(1, min(room))

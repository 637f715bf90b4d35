"""The machine: its card and libraries, the rate of its matrix products, and what its memory holds at most."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

import torch

from harness.model.devices import device_kind, device_name, synchronize

LIBRARIES = ("torch", "transformers", "trl", "peft", "bitsandbytes", "accelerate", "lm_eval")
GIB = 2**30


def described(device: str) -> str:
    """Return a line on the card and one on the libraries."""
    card = device_name(device)
    if device_kind(device) == "cuda":
        about = torch.cuda.get_device_properties(device)
        card += (
            f", {about.total_memory / GIB:.0f} GiB, capability {about.major}.{about.minor}, CUDA {torch.version.cuda}"
        )
    return f"{card}\n" + ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def peak(device: str, *, size: int, dtype: str, repeats: int = 10) -> float:
    """Return the floating-point operations a second of a matrix product of random `size` × `size` matrices."""
    left, right = (torch.randn(size, size, device=device, dtype=getattr(torch, dtype)) for _ in range(2))
    for _ in range(3):
        left @ right
    synchronize(device)
    began = time.perf_counter()
    for _ in range(repeats):
        left @ right
    synchronize(device)
    return 2.0 * size**3 * repeats / (time.perf_counter() - began)


@dataclass
class Used:
    """What a block took: wall seconds, and the most memory of the card at once, in GiB (None on a CPU)."""

    seconds: float = 0.0
    memory: float | None = None


@contextmanager
def measured(device: str) -> Iterator[Used]:
    """Measure the block to the end of what it started on the device."""
    used, cuda = Used(), device_kind(device) == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    synchronize(device)
    began = time.perf_counter()
    yield used
    synchronize(device)
    used.seconds = time.perf_counter() - began
    used.memory = torch.cuda.max_memory_allocated(device) / GIB if cuda else None

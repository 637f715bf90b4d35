"""The card: its name, and what its memory holds at most."""

import torch

from harness.model.devices import device_kind, device_name
from harness.records import GIB


def described(device: str) -> str:
    """Return a line on the card."""
    if device_kind(device) != "cuda":
        return device_name(device)
    about = torch.cuda.get_device_properties(device)
    memory = f"{about.total_memory / GIB:.0f} GiB"
    return f"{device_name(device)}, {memory}, capability {about.major}.{about.minor}, CUDA {torch.version.cuda}"


def forget_peak(device: str) -> None:
    """Give back what nobody holds, and measure memory from here on."""
    if device_kind(device) == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: str) -> float | None:
    """Return the most memory of the card at once since it was forgotten, in GiB; None where there is no card."""
    return torch.cuda.max_memory_allocated(device) / GIB if device_kind(device) == "cuda" else None

"""Devices by their PyTorch names: ``cpu``, ``cuda``, ``cuda:1``, ``mps``."""

import torch


def device_kind(device: str) -> str:
    """Return ``cpu``, ``cuda`` or ``mps``, whichever of several it is."""
    return device.partition(":")[0]


def device_name(device: str) -> str:
    """Return what the device is called: a GPU's product name, else its kind."""
    return str(torch.cuda.get_device_name(device)) if device_kind(device) == "cuda" else device_kind(device)


def machine(device: str) -> dict[str, str | int]:
    """Return what decides how this process rounds on a device: two that say the same come to the same bits."""
    return {
        "torch": torch.__version__,
        "device": device_name(device),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }


_LOST = (
    "no cuda-capable device is detected",
    "cuda-capable device(s) is/are busy or unavailable",
    "invalid device ordinal",
    "uncorrectable ecc error",
    "uncorrectable nvlink error",
    "cuda error: unknown error",
    "no cuda gpus are available",
    "cuda driver initialization failed",
    "found no nvidia driver",
    "gpu is lost",
)
"""What torch says, in small letters, where an accelerator that was there is not."""


def is_lost(error: BaseException) -> bool:
    """Tell whether an error of torch's says that an accelerator is gone, or as good as.

    A kernel that read where it may not, or an assertion on the device, is a fault of the program instead.
    """
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(each in text for each in _LOST)


_RAN_OUT = ("can't allocate memory", "out of memory")
"""What torch says, in small letters, of memory that ran out where it has no exception type: on a CPU, in a driver."""


def ran_out(error: BaseException) -> bool:
    """Tell whether an error says that the memory of a device, or of the machine, did not suffice."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(each in str(error).lower() for each in _RAN_OUT)


def is_available(device: str) -> bool:
    """Say whether PyTorch sees a device of that kind here; for a CPU nothing is asked."""
    kind = device_kind(device)
    if kind == "cuda":
        return torch.cuda.is_available()
    return kind == "cpu" or (kind == "mps" and torch.backends.mps.is_available())


def synchronize(device: str) -> None:
    """Wait until an accelerator has done what it was given; a CPU has when the call returns."""
    kind = device_kind(device)
    if kind == "cuda":
        torch.cuda.synchronize(device)
    elif kind == "mps":
        torch.mps.synchronize()

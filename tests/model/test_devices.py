"""What torch raises where an accelerator is gone is told from a fault of a program on it."""

import pytest
import torch

from harness.model.devices import is_lost

ASYNCHRONOUS = "\nCUDA kernel errors might be asynchronously reported at some other API call."


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError(f"CUDA error: no CUDA-capable device is detected{ASYNCHRONOUS}"),
        torch.AcceleratorError(f"CUDA error: uncorrectable ECC error encountered{ASYNCHRONOUS}"),
        torch.AcceleratorError(f"CUDA error: unknown error{ASYNCHRONOUS}"),
        torch.AcceleratorError(f"CUDA error: CUDA-capable device(s) is/are busy or unavailable{ASYNCHRONOUS}"),
        RuntimeError("No CUDA GPUs are available"),
        RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"),
    ],
)
def test_a_device_that_is_gone(error):
    assert is_lost(error)


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError(f"CUDA error: device-side assert triggered{ASYNCHRONOUS}"),
        torch.AcceleratorError(f"CUDA error: an illegal memory access was encountered{ASYNCHRONOUS}"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        KeyError("no CUDA GPUs are available"),
    ],
)
def test_a_device_that_is_there(error):
    assert not is_lost(error)

"""What torch raises where an accelerator is gone, or its memory ran out, is told from a fault of a program on it."""

import pytest
import torch

from harness.execution.work import kind_of
from harness.model.devices import is_lost, ran_out

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


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        torch.AcceleratorError(f"CUDA error: out of memory{ASYNCHRONOUS}"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
        MemoryError(),
    ],
)
def test_memory_that_ran_out_is_a_record_of_its_kind(error):
    assert ran_out(error)
    assert kind_of(error) == "out_of_memory"


@pytest.mark.parametrize("error", [RuntimeError("shapes cannot be multiplied"), ValueError("out of memory")])
def test_another_fault_is_not_memory(error):
    assert not ran_out(error)

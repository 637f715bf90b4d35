"""Sources import neither PEFT nor bitsandbytes, which asks for a GPU when it is imported."""

import subprocess
import sys

import pytest


@pytest.mark.run
@pytest.mark.parametrize("room", ["harness.sources.models", "harness.sources.data"])
def test_nothing_that_asks_for_a_device_is_imported(room):
    program = f"import sys, {room}; print({{'peft', 'bitsandbytes'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

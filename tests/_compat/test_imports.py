"""What imports are spared changes nothing but when it is done."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness

HOME = Path(harness.__file__).parent.parent
QUANTIZED = """
import hashlib
import torch
import bitsandbytes.functional
weights = torch.randn(64, 128, generator=torch.Generator().manual_seed(3))
made, state = bitsandbytes.functional.quantize_4bit(weights, quant_type="nf4")
again = bitsandbytes.functional.dequantize_4bit(made, state)
values = torch.linspace(-1, 1, 256)
bytes8, state8 = bitsandbytes.functional.quantize_blockwise(weights, code=values)
digest = hashlib.sha256(b"".join(each.numpy().tobytes() for each in (made, again, bytes8))).hexdigest()
"""
SPARED = """
import sys
from harness.execution.stack import import_stack
import_stack()
assert "bitsandbytes" in sys.modules
assert "torch._inductor.compile_fx" not in sys.modules
"""


@pytest.mark.run
def test_a_quantized_base_has_the_same_bits():
    known = {}
    exec(QUANTIZED, known)
    done = subprocess.run(
        [sys.executable, "-c", f"{SPARED}{QUANTIZED}print(digest)"],
        env={**os.environ, "PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [known["digest"]], done.stderr[-2000:]


@pytest.mark.run
def test_a_function_is_compiled_with_its_first_call_and_once():
    from harness._compat.imports import spared_imports

    asked = []

    def compiler(function, **options):
        asked.append(options)
        return lambda value: ("compiled", function(value))

    import torch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "compile", compiler)
        with spared_imports():
            plain = torch.compile(lambda value: value + 1)
            decorated = torch.compile(dynamic=True)(lambda value: value + 2)
        assert torch.compile is compiler
        assert asked == []
        assert [plain(1), plain(2), decorated(1)] == [("compiled", 2), ("compiled", 3), ("compiled", 3)]
        assert asked == [{}, {"dynamic": True}]

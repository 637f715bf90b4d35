"""Guards on a cell: small checks, each a plain record, that the adaptation was what the recipe says.

A guard that fails is reported, not raised: the numbers stand with a mark beside them.
"""

from harness.adaptation.check.base import base_digest, base_unchanged
from harness.adaptation.check.modules import modules_adapted
from harness.adaptation.check.outputs import logits, outputs_differ
from harness.adaptation.check.parameters import expected_trainable, trainable_as_expected
from harness.adaptation.check.rank import ModuleRank, effective_ranks, ranks_alive
from harness.adaptation.check.start import start_digest

__all__ = [
    "ModuleRank",
    "base_digest",
    "base_unchanged",
    "effective_ranks",
    "expected_trainable",
    "logits",
    "modules_adapted",
    "outputs_differ",
    "ranks_alive",
    "start_digest",
    "trainable_as_expected",
]

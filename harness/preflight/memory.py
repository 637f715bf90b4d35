"""Bytes of memory that training and scoring take beside the weights.

Training: gradients and two AdamW moments for what trains, and the activations of the largest batch that is computed at
once, about 34 bytes a token, layer and hidden unit in 16-bit or 68 in 32-bit precision (Korthikanti et al. 2022, arXiv
2205.05198, table 2 without the attention term). Accumulating gradients over several batches keeps one batch's
activations at a time. With gradient checkpointing a layer's input alone is kept, and one layer's activations at a time
are computed again. Scoring: a batch goes through one layer at a time, and lm-eval holds every request of a suite and
its answer until the suite is scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from harness.evaluation.scorer import TOKENS
from harness.preflight.row_tokens import RowTokens
from harness.preflight.suite_tokens import SuiteTokens

WIDTH = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Bytes of a number."""
MASTER = 4
"""Bytes of a weight that trains, of its gradient and of each of its moments, whatever dtype the model has."""
MOMENTS = 2
"""AdamW's, of each weight that trains."""
ACTIVATION = {"float32": 68, "bfloat16": 34, "float16": 34}
"""Bytes of activations a token, layer and hidden unit."""
LIBRARIES = 1_200_000_000
"""Resident bytes of a worker process before it loads a model (measured on Linux)."""
_LOGIT, _LOGIT_GRADIENT = 4 + 4, 4
"""Bytes a token and entry of the vocabulary: the logit with its logarithm of a softmax, and its gradient."""
_REQUEST, _REQUEST_TOKEN = 4_000, 36
"""Bytes of one of lm-eval's requests with its answer, and of a token in it (measured with lm-eval 0.4.13)."""
_LENGTH = 1024
"""SFTConfig's `max_length` where none is given."""
_CHECKPOINTING = ("gradient_checkpointing", "activation_checkpointing")
"""transformers' old and new name of the field."""


def cells_that_fit(bytes_of_a_cell: int) -> int:
    """Return how many cells of that size the memory that is free now holds."""
    return int(psutil.virtual_memory().available // bytes_of_a_cell)


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of gradients and moments of what trains, and of the copy that early stopping keeps.

    A checkpoint's files are as large as all of it: they hold what trains in the place of its gradients.
    """

    gradients: int
    moments: int
    keeps: int

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.gradients + self.moments + self.keeps


def trained(parameters: int, *, keeps_best: bool) -> Held:
    """Return what so many parameters that train take beside their weights."""
    each = parameters * MASTER
    return Held(gradients=each, moments=each * MOMENTS, keeps=each * keeps_best)


def activations(
    fields: Mapping[str, Any],
    rows: RowTokens,
    *,
    dtype: str,
    layers: int,
    hidden: int,
    vocabulary: int,
    virtual_tokens: int = 0,
) -> float:
    """Return the bytes of the largest batch's activations, from SFTConfig's `fields` and their defaults.

    `layers` are those that the backward pass goes through: what lies below keeps nothing.
    """
    batch = int(fields.get("per_device_train_batch_size", 8))
    longest = max(rows.lengths, default=rows.tokens)
    length = min(longest, fields.get("max_length", _LENGTH) or longest) + virtual_tokens
    whole = layers * ACTIVATION[dtype]
    if checkpoints(fields):
        whole = layers * WIDTH[dtype] + ACTIVATION[dtype]
    return batch * (length * hidden * whole + rows.completion_tokens * vocabulary * (_LOGIT + _LOGIT_GRADIENT))


def checkpoints(fields: Mapping[str, Any]) -> bool:
    """Tell whether activations are computed again in the backward pass instead of being kept."""
    return any(bool(fields.get(name)) for name in _CHECKPOINTING)


def scoring(suite: SuiteTokens, *, dtype: str, batch: int, hidden: int, vocabulary: int) -> float:
    """Return the bytes that scoring a suite takes, `batch` rows at a time."""
    rows = max(1.0, min(float(batch), TOKENS / suite.longest))
    at_once = rows * (suite.longest * hidden * ACTIVATION[dtype] + suite.answers * vocabulary * _LOGIT)
    return at_once + suite.items * (suite.requests * _REQUEST + suite.tokens * _REQUEST_TOKEN)

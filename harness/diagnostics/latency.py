"""How fast a model answers one request at a time."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from harness.model.devices import synchronize
from harness.records import Latency

PROMPT = 128
"""Tokens of the prompt; what they are changes no time."""
NEW = 32
REPEATS = 5


@torch.inference_mode()
def latency(model: Any, device: str) -> Latency:
    """Measure a transformers or PEFT model in evaluation mode on its device, after one repeat that does not count."""
    ids = (torch.arange(PROMPT, device=device) % model.config.vocab_size)[None]
    request = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    greedy = {"max_new_tokens": NEW, "min_new_tokens": NEW, "do_sample": False, "use_cache": True, "pad_token_id": 0}
    return Latency(
        forward_seconds=_median(lambda: model(**request), device),
        tokens_per_second=NEW / _median(lambda: model.generate(**request, **greedy), device),
    )


def _median(action: Callable[[], object], device: str) -> float:
    action()
    return statistics.median(_seconds(action, device) for _ in range(REPEATS))


def _seconds(action: Callable[[], object], device: str) -> float:
    synchronize(device)
    start = time.perf_counter()
    action()
    synchronize(device)
    return time.perf_counter() - start

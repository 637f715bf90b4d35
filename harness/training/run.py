"""Train one cell."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from harness.adaptation import Adapted
from harness.training.arguments import sft_config
from harness.training.callbacks import OnStep, Watch
from harness.training.trainer import CompletionTrainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training run did. Times in seconds, losses in nats a completion token, one a logged step.

    `flos` is transformers' estimate of the floating-point operations, 6 × parameters × tokens. `order_sha256` is
    a hash of the examples in the order in which they were seen.
    """

    steps: int
    tokens: int
    seconds: float
    losses: tuple[float, ...]
    flos: float
    order_sha256: str


def train(
    adapted: Adapted,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Mapping[str, str]],
    fields: Mapping[str, Any],
    *,
    seed: int,
    on_step: OnStep,
) -> Trained:
    """Train `adapted.model` in place on rows with `prompt` and `completion` through SFTTrainer.

    `fields` are SFTConfig's. Data order and dropout follow `seed`. Raises `TrainingError` when the loss is not
    finite.
    """
    watch = Watch(on_step)
    with TemporaryDirectory() as scratch:
        trainer = CompletionTrainer(
            model=adapted.model,
            args=sft_config(fields, seed=seed, folder=Path(scratch)),
            train_dataset=Dataset.from_list([dict(row) for row in rows]),
            processing_class=tokenizer,
            callbacks=[watch, *adapted.callbacks],
        )
        start = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - start
    adapted.model.eval()
    return Trained(
        steps=trainer.state.global_step,
        tokens=watch.tokens,
        seconds=seconds,
        losses=tuple(watch.losses),
        flos=float(trainer.state.total_flos),
        order_sha256=trainer.order_sha256,
    )

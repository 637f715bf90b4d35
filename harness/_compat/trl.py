"""What TRL's SFTTrainer does in private and a subclass with a loss of its own has to do itself."""

from collections.abc import Sequence
from typing import Any

import torch
from accelerate.data_loader import BatchSamplerShard
from accelerate.utils import broadcast
from torch import Tensor
from trl import SFTConfig, SFTTrainer


def count_tokens(trainer: SFTTrainer, inputs: dict[str, Any]) -> None:
    """Count a batch's tokens for the log (``num_tokens``), prompts included and padding not.

    SFTTrainer counts them inside its own `compute_loss`. Delete when upstream counts in `training_step`.
    """
    if trainer.model.training:
        trainer._total_train_tokens += int(inputs["attention_mask"].sum())  # noqa: SLF001
    trainer._metrics["train" if trainer.model.training else "eval"]["num_tokens"] = [trainer._total_train_tokens]  # noqa: SLF001


def on_its_device(trainer: SFTTrainer, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return a batch with its tensors where the trainer's model is.

    Delete when upstream's trainer has a public name for it.
    """
    moved: dict[str, Any] = trainer._prepare_inputs(inputs)  # noqa: SLF001
    return moved


def on_one_device(config: SFTConfig) -> SFTConfig:
    """Return the configuration for a process that trains on one device, however many it sees.

    Of several cards upstream's trainer makes one batch a card (torch's DataParallel), which is another effective batch.
    Delete when upstream takes the number of devices as a field.
    """
    config._n_gpu = min(config.n_gpu, 1)  # noqa: SLF001
    return config


class WholeBatches(SFTTrainer):
    """SFTTrainer of which, where several processes train, each is given every batch whole, in one process's order.

    What is gathered of an evaluation is what the first process found, since all of them read the same. Delete when
    upstream's trainer takes a data loader that is not to be split.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.args.world_size > 1:
            self.accelerator.gather_for_metrics = _of_the_first
            self.gather_function = _of_the_first

    def _get_dataloader(self, *args: Any, **kwargs: Any) -> Any:
        loader = super()._get_dataloader(*args, **kwargs)
        shard = getattr(loader, "batch_sampler", None)
        if isinstance(shard, BatchSamplerShard):
            shard.num_processes, shard.process_index, shard.even_batches = 1, 0, False
        return loader


def _of_the_first(value: Tensor, **_: Any) -> Tensor:
    """Return what the first process has."""
    found: Tensor = broadcast(value, from_process=0)
    return found


class OwnColumns(WholeBatches):
    """SFTTrainer whose batches have further `columns`, and a divisor of their own where `divisor` returns one.

    Trainer takes columns that a model's forward does not name out of a data set, and divides a step's loss by the
    labels that it counts. Delete when upstream's trainer takes both as arguments.
    """

    columns: tuple[str, ...] = ()
    _signature_columns: list[str] | None

    def divisor(self, batches: Sequence[dict[str, Any]]) -> Tensor | None:
        """Return what the losses of a step's batches are divided by, None for the number of their labels."""
        del batches
        return None

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        self._signature_columns = list(dict.fromkeys((*(self._signature_columns or ()), *self.columns)))

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Tensor | int | None:
        counted: Tensor | int | None = super()._get_num_items_in_batch(batch_samples, device)
        own = None if counted is None else self.divisor(batch_samples)
        return counted if own is None else own.to(device)


class OwnCheckpoints(OwnColumns):
    """SFTTrainer whose checkpoints are kept and taken up by whoever derives from it, and are never pickled.

    With `save_strategy` "no" a callback that sets `control.should_save` has `keep_checkpoint` called, after the step's
    evaluation. Of a folder to resume from, Trainer reads ``trainer_state.json`` alone and passes over the batches that
    were seen; weights, optimizer and the like are to be put back when training begins, and generators when
    `put_generators_back` is called. Delete when upstream's trainer takes functions for that.
    """

    def keep_checkpoint(self) -> None:
        """Write down all that is needed to go on from here."""
        raise NotImplementedError

    def put_generators_back(self) -> None:
        """Let random generators go on from where the checkpoint found them: the next batch is there already."""
        raise NotImplementedError

    @property
    def tokens_counted(self) -> int:
        """Tokens that training has read so far, prompts included and padding not."""
        return int(self._total_train_tokens)

    @tokens_counted.setter
    def tokens_counted(self, tokens: int) -> None:
        self._total_train_tokens = tokens

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        del model, trial
        self.keep_checkpoint()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        del resume_from_checkpoint, model

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        del checkpoint

    def _load_scaler(self, checkpoint: str | None) -> None:
        del checkpoint

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            self.put_generators_back()

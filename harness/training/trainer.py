"""SFTTrainer without padding, and with the vocabulary projected at completion positions only.

On a CPU, TRL projects every position of the prompt and the padding over the whole vocabulary; the loss ignores those
positions, so leaving them out changes nothing but the time. The model's own forward runs, with virtual tokens and
scaled logits if it has them. On CUDA TRL projects labelled positions only, by itself, and its own loss is taken.
"""

import contextlib
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from harness._compat.trl import OwnCheckpoints, count_tokens, on_its_device
from harness.errors import RecipeError
from harness.ledger.checkpoint import DamagedCheckpointError
from harness.model.modes import evaluation_mode
from harness.trained import HeldOut
from harness.training.keeping import Keeping
from harness.training.losses import labels_by_row, labels_of
from harness.training.order import RowOrder
from harness.training.packing import WEIGHTS, Pack
from harness.training.parts import parts_of
from harness.training.prefix import RowsPrefix
from harness.training.reading import BatchReading
from harness.training.shared import own_rows
from harness.training.spent import Spent
from harness.training.state import State
from harness.training.tied import tied_gradient
from harness.training.weighting import Weighing


class CompletionTrainer(OwnCheckpoints):
    """SFTTrainer whose rows are read without padding, and whose output head is run where a label is predicted only.

    Mixture-of-experts models add an auxiliary loss of a batch in their own forward: for these TRL's loss is computed as
    it is, of whole batches. Of others `rows_at_once` rows are read at a time, all of a batch with None. Where several
    processes train, each pads and computes its own rows of every batch; see `shared`. `batch_size` is that of the one
    device whose batches they make together.
    """

    columns = (WEIGHTS,)
    data_collator: Any

    def __init__(
        self,
        *args: Any,
        padding_free: bool = False,
        rows_at_once: int | None = None,
        prefix: RowsPrefix | None = None,
        keeping: Keeping | None = None,
        batch_size: int = 8,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._processes = self.args.world_size
        self._keeping = keeping
        self._began = time.perf_counter()
        self._as_is = self.aux_loss_enabled
        if self._as_is and self._processes > 1:
            raise RecipeError(
                "a mixture of experts balances its router over a whole batch, which several processes do not see. "
                "Leave execute.launch out."
            )
        self._weighs = WEIGHTS in self.train_dataset.column_names
        if self._as_is and self._weighs:
            raise RecipeError(
                "a mixture of experts has its loss from its own forward, which knows no weights of rows. Take `weight` "
                "out of the training rows."
            )
        if self._weighs:
            self.data_collator = Weighing(self.data_collator)
        on_cuda = self.args.device.type == "cuda" and self._processes == 1
        self._by_trl = self._as_is or (on_cuda and not self._weighs)
        self._rows_at_once = None if self._as_is or self._processes > 1 else rows_at_once
        self.order = RowOrder(
            batch_size,
            at_once=max(1, self.args.per_device_train_batch_size // batch_size),
            multiple=getattr(self.data_collator, "pad_to_multiple_of", None),
        )
        self.evaluating = 0.0
        """Seconds spent on validation rows."""
        padded = None if padding_free else "padding-free batches are switched off"
        if self._processes > 1:
            padded = f"{self._processes} processes share a batch"
        self.reading = BatchReading(self.accelerator, self.args, padded=padded, prefix=prefix, rows=self.train_dataset)

    def begin(self) -> None:
        """Count the time of training from here."""
        self._began = time.perf_counter()

    @property
    def spent(self) -> Spent:
        """What was spent since training began."""
        validate = 0.0 if self._decides else self.evaluating
        kept = 0.0 if self._keeping is None else self._keeping.seconds
        prefix = self.reading.preparing
        whole = time.perf_counter() - self._began
        return Spent(train=whole - validate - prefix - kept, validate=validate, prefix=prefix, checkpoint=kept)

    @property
    def scaler(self) -> Any:
        """The loss scaler, None where products are not in float16."""
        return getattr(self.accelerator, "scaler", None)

    def noted(self) -> State:
        """Return what this trainer has noted beside its callbacks, to go on from."""
        return {**self.reading.noted(), "order": self.order.digests, "tokens": self.tokens_counted}

    def take_up(self, noted: State) -> None:
        """Go on from what `noted` returned; batches that were seen are drawn again, which must be the same ones.

        Raises `DamagedCheckpointError` where they are others.
        """
        self.reading.take_up(noted)
        self.tokens_counted = noted["tokens"]
        self.order.see_again(self.get_train_dataloader, len(noted["order"]))
        if self.order.digests != noted["order"]:
            raise DamagedCheckpointError("the checkpoint is of a training that saw other rows, or in another order")

    def divisor(self, batches: Sequence[dict[str, Any]]) -> Tensor | None:
        """Return what the labels of a step's batches weigh, None where rows have no weights."""
        return labels_of(*batches) if self._weighs else None

    def floating_point_ops(self, inputs: dict[str, Any]) -> float:
        """Return this process's part of the estimated operations on a batch; those of all are added up."""
        estimate = super().floating_point_ops
        whole = sum(estimate({**inputs, "input_ids": ids}) for ids in self.order.as_one(inputs))
        return whole / self._processes

    def keep_checkpoint(self) -> None:
        """Write a checkpoint, as whoever keeps them says."""
        if self._keeping is not None:
            self._keeping.keep()

    def put_generators_back(self) -> None:
        """Let random generators go on from where the checkpoint found them."""
        assert self._keeping is not None
        self._keeping.put_generators_back()

    @property
    def _decides(self) -> bool:
        """Whether the loss on validation rows decides about training."""
        return self.args.metric_for_best_model is not None

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Take the loss on the validation rows; where nothing is decided by it, training goes on as if it had not."""
        start = time.perf_counter()
        with contextlib.nullcontext() if self._decides else torch.random.fork_rng():
            metrics: dict[str, float] = super().evaluate(*args, **kwargs)
        self.evaluating += time.perf_counter() - start
        return metrics

    @torch.no_grad()
    def held_out(self) -> HeldOut:
        """Return the loss on each row of the validation set, in its order."""
        rows, size = self.eval_dataset, self.args.per_device_eval_batch_size
        size = size if self._rows_at_once is None else min(size, self._rows_at_once)
        nats: list[float] = []
        tokens: list[int] = []
        with evaluation_mode(self.model), self.accelerator.autocast():
            for start in range(0, len(rows), size):
                batch = self.data_collator([rows[place] for place in range(start, min(start + size, len(rows)))])
                counts = labels_by_row(batch)
                losses = self.reading.losses(self.model, on_its_device(self, batch), None)
                nats += [float(of_row.sum()) for of_row in losses.split(counts)]
                tokens += counts
        return HeldOut(nats=tuple(nats), tokens=tuple(tokens))

    def training_step(
        self, model: Any, inputs: dict[str, Any], num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        """Add a batch's gradient, in parts if it is read in parts, and note which examples it was."""
        self.order.see(inputs)
        parts = parts_of(inputs, self._rows_at_once)
        if len(parts) == 1:
            return super().training_step(model, inputs, num_items_in_batch)
        if self.reading.engine is None:  # one row alone would not tell whether rows see each other
            self.reading.reads_packs(model, on_its_device(self, parts_of(inputs, 2)[0]))
        items = labels_of(inputs) if num_items_in_batch is None else num_items_in_batch
        losses = [super(CompletionTrainer, self).training_step(model, part, items) for part in parts]
        return torch.stack(losses).sum()

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,  # noqa: FBT001, FBT002 - the trainer's own signature
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        """Return the mean negative log-likelihood of the completion tokens (nats), a scalar."""
        if self._as_is or return_outputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if self._processes > 1 and model.training:
            return self._shared_loss(model, inputs, num_items_in_batch)
        packed = self.reading.packs(model, inputs)
        if self._by_trl:
            return self._trl_loss(model, inputs, packed, num_items_in_batch)
        with self.accelerator.autocast(), self._tied(model, packed):
            loss = self.reading.losses(model, inputs, packed, reduction="sum").sum()
        count_tokens(self, inputs)
        return loss / (labels_of(inputs) if num_items_in_batch is None else num_items_in_batch)

    def _shared_loss(self, model: Any, inputs: dict[str, Any], items: Tensor | int | None) -> Tensor:
        """Return this process's part of a batch's loss, so large that the mean over all processes is the loss.

        There is one forward pass, of one batch: what processes exchange in a pass, all of them have to.
        """
        own, counts = own_rows(inputs, self.args.process_index, self._processes)
        with self.accelerator.autocast():
            loss = self.reading.losses(model, own, None, reduction="sum").sum()
        count_tokens(self, inputs)
        return loss * (self._processes * counts) / (labels_of(inputs) if items is None else items)

    def _tied(self, model: Any, packed: Sequence[Pack] | None) -> AbstractContextManager[Any]:
        """Return the context of a forward pass before a backward pass, in which a tied embedding saves a table."""
        one = packed is None or len(packed) == 1
        if not (one and model.training and torch.is_grad_enabled()) or self.args.gradient_checkpointing:
            return contextlib.nullcontext()
        return tied_gradient(self.accelerator.unwrap_model(model))

    def _trl_loss(
        self, model: Any, inputs: dict[str, Any], packed: Sequence[Pack] | None, items: Tensor | int | None
    ) -> Tensor:
        """Return the loss as TRL computes it, of packs if there are any: divided by one number, they add up."""
        if packed is None:
            return super().compute_loss(model, inputs, num_items_in_batch=items)
        count = labels_of(inputs) if items is None else items
        loss = torch.zeros((), device=model.device)
        for pack in packed:
            given = {"input_ids": pack.ids, "position_ids": pack.positions, "labels": pack.labels}
            with self.reading.passing(pack):
                loss = loss + super().compute_loss(model, given, num_items_in_batch=count)
        return loss

    def prediction_step(
        self,
        model: Any,
        inputs: dict[str, Any],
        prediction_loss_only: bool,  # noqa: FBT001 - the trainer's own signature
        ignore_keys: list[str] | None = None,
    ) -> tuple[Any, Any, Any]:
        """Take the loss alone, by the same way as in training."""
        if self._as_is:
            return super().prediction_step(model, inputs, prediction_loss_only, ignore_keys)
        moved = on_its_device(self, inputs)
        parts = parts_of(moved, self._rows_at_once)
        with torch.no_grad():
            if len(parts) == 1:
                return self.compute_loss(model, moved).detach(), None, None
            items = labels_of(moved)
            losses = [self.compute_loss(model, part, num_items_in_batch=items) for part in parts]
        return torch.stack(losses).sum().detach(), None, None

"""One training run through SFTTrainer: rows and an adapted model in, what it did out."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datasets import Dataset
from transformers import EarlyStoppingCallback, PreTrainedTokenizerBase, TrainerCallback

from harness.errors import TaskError
from harness.methods._base import Adapted
from harness.model.precision import Dtype
from harness.sources.data import COLUMNS, RENDERED, Row
from harness.spec.records import EarlyStopping
from harness.trained import FrozenPrefix, HeldOut, RowCounts
from harness.training.arguments import sft_config
from harness.training.callbacks import KeepBest, OnStep, Watch
from harness.training.keeping import Checkpoints, Keeping
from harness.training.lengths import count_rows, spans
from harness.training.packing import WEIGHTS
from harness.training.prefix import RowsPrefix
from harness.training.reading import PADDING_FREE
from harness.training.reporting import Reporting, reported
from harness.training.rounding import CountLostUpdates
from harness.training.spent import Spent
from harness.training.tokens import tokenized
from harness.training.trainer import CompletionTrainer
from harness.training.weighting import weights_of

DRAWN_AGAIN = 64
"""Batches whose order is drawn a second time, to see that it follows the seed."""

Rows = Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationSet:
    """Rows that are not trained on, and when to stop by the loss on them.

    Without `early_stopping` nothing is decided by it: it is taken `every` so many steps, or at the end alone.
    """

    rows: Rows
    early_stopping: EarlyStopping | None = None
    every: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training run did. Times in seconds, losses in nats a completion token, one a logged step.

    `flos` is transformers' estimate of the floating-point operations, 6 × parameters × tokens. `order` holds after each
    step a digest of all examples in the order in which they were seen, `drawn_again` the first of these as the seed
    alone gives them. `engine` says how batches were read, ``padding-free`` or ``padded:`` and why. With a validation
    set, `validation_losses` holds (step, loss) pairs, loss in nats a completion token averaged over batches, and
    `best_step` the step whose weights were kept. `computed` is the dtype of products, `updates_lost` the share of
    updates that rounding took away (see `CountLostUpdates`), `rows` what `max_length` left of them. `held_out` is the
    loss of the finished weights on each validation row, where early stopping or `every` asks for it;
    `validation_seconds`, which `seconds` leaves out, are what `every` took. `prefix` is what was read of lower layers
    instead of being computed; its seconds are left out too. Of a training that went on from a checkpoint, all of these
    are of its steps from the first, and `spent` alone is of this start.
    """

    steps: int
    examples: int
    tokens: int
    seconds: float
    losses: tuple[float, ...]
    flos: float
    order: tuple[str, ...]
    drawn_again: tuple[str, ...]
    engine: str | None = None
    validation_losses: tuple[tuple[int, float], ...] = ()
    best_step: int | None = None
    computed: str = "float32"
    updates_lost: float | None = None
    rows: RowCounts | None = None
    held_out: HeldOut | None = None
    validation_seconds: float = 0.0
    prefix: FrozenPrefix | None = None
    spent: Spent = field(default_factory=Spent)

    @property
    def validation_loss(self) -> float | None:
        """The loss of the weights that were kept, on the validation rows; None where it was not taken."""
        return dict(self.validation_losses).get(self.steps if self.best_step is None else self.best_step)


def train(
    adapted: Adapted,
    tokenizer: PreTrainedTokenizerBase,
    rows: Rows,
    fields: Mapping[str, Any],
    *,
    seed: int,
    on_step: OnStep,
    device: str = "cpu",
    dtype: Dtype = "float32",
    validation: ValidationSet | None = None,
    callbacks: Sequence[TrainerCallback] = (),
    padding_free: bool = False,
    rows_at_once: int | None = None,
    prefix: RowsPrefix | None = None,
    checkpoints: Checkpoints | None = None,
    reporting: Reporting | None = None,
    processes: int = 1,
) -> Trained:
    """Train `adapted.model` in place on rows with `prompt` and `completion` through SFTTrainer.

    `fields` are SFTConfig's, `device` is where the model is and `dtype` what it is declared in. Data order and dropout
    follow `seed`. With `validation`, the loss on its rows is taken at the end, or as early stopping says, which also
    ends training and puts the best weights back. With `padding_free`, rows are read end to end where the model takes
    it, and with a `prefix` of this model as well they start at its lowest trained layer. Of a batch `rows_at_once` rows
    are read at a time, where all are too many for the device; the gradient is the same. `callbacks` are called after
    harness's own and the adapter's, trackers that `reporting` names before all of them. With `checkpoints`, they are
    kept, and training goes on from the one that was found, to the same weights in every bit. Of several `processes`
    each is to call this alike: together they make the steps of one.

    Raises `TrainingError` when the loss is not finite, `TaskError` when no row is short enough to be trained on, and
    `DamagedError` for a checkpoint of another training.
    """
    stopping = validation.early_stopping if validation else None
    listening = _Listening.of(adapted, on_step, stopping, callbacks, checkpoints)
    with TemporaryDirectory() as scratch, reported(reporting):
        args = sft_config(
            fields,
            seed=seed,
            folder=Path(scratch),
            device=device,
            dtype=dtype,
            early_stopping=stopping,
            every=validation.every if validation else None,
            reporting=reporting,
            processes=processes,
        )
        trainer = CompletionTrainer(
            model=adapted.model,
            args=args,
            train_dataset=_weighed(rows, tokenizer),
            eval_dataset=_dataset(validation.rows, tokenizer) if validation else None,
            processing_class=tokenizer,
            callbacks=listening.all,
            padding_free=padding_free,
            rows_at_once=rows_at_once,
            prefix=prefix,
            keeping=listening.keeping,
            batch_size=int(fields.get("per_device_train_batch_size", 8)),
        )
        _check_not_empty(trainer, len(rows))
        ran = _run(trainer, listening, validation, Path(scratch))
    _leave(trainer, adapted)
    return _trained(trainer, listening, ran, rows=count_rows(spans(rows, tokenizer), fields), prefix=prefix)


def _leave(trainer: CompletionTrainer, adapted: Adapted) -> None:
    """Leave the model as it is loaded: autocast would stay in its forward, and scores would be of another one."""
    trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    adapted.model.eval()


@dataclass(frozen=True, slots=True)
class _Listening:
    """The callbacks of a training, `all` in their order; `best` where it is stopped early, `keeping` of checkpoints."""

    watch: Watch
    rounding: CountLostUpdates
    best: KeepBest | None
    keeping: Keeping | None
    all: Sequence[TrainerCallback]

    @classmethod
    def of(
        cls,
        adapted: Adapted,
        on_step: OnStep,
        stopping: EarlyStopping | None,
        callbacks: Sequence[TrainerCallback],
        checkpoints: Checkpoints | None,
    ) -> "_Listening":
        watch, rounding = Watch(on_step), CountLostUpdates(adapted.model)
        best = KeepBest() if stopping else None
        early = (best, EarlyStoppingCallback(stopping.patience, stopping.threshold)) if stopping else ()
        watching = [watch, rounding, *early, *adapted.callbacks, *callbacks]
        keeping = None if checkpoints is None else Keeping(checkpoints, watching)
        return cls(watch, rounding, best, keeping, [*watching, *([keeping] if keeping else [])])


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a trainer that has run was asked for at its end; see `Trained`."""

    spent: Spent
    held_out: HeldOut | None
    drawn_again: tuple[str, ...]


def _run(trainer: CompletionTrainer, listening: _Listening, validation: ValidationSet | None, scratch: Path) -> _Ran:
    """Train, from a checkpoint where there is one, and take what losses are asked for at the end."""
    keeping = listening.keeping
    trainer.begin()
    with keeping.stopping() if keeping else nullcontext():
        trainer.train(resume_from_checkpoint=keeping.attend(trainer, scratch) if keeping else None)
    spent = trainer.spent
    if validation and _lacks_the_last(listening.watch, trainer.state.global_step, validation):
        trainer.evaluate()
    held_out = trainer.held_out() if validation and (validation.early_stopping or validation.every) else None
    again = trainer.order.drawn_again(trainer.get_train_dataloader, min(len(trainer.order.digests), DRAWN_AGAIN))
    return _Ran(replace(spent, validate=trainer.spent.validate), held_out, tuple(again))


def _trained(
    trainer: CompletionTrainer, listening: _Listening, ran: _Ran, *, rows: RowCounts, prefix: RowsPrefix | None
) -> Trained:
    """Return what a training did: what the trainer and the watch noted, and what was found beside them."""
    watch, best, keeping = listening.watch, listening.best, listening.keeping
    whole = ran.spent if keeping is None else keeping.earlier + ran.spent
    return Trained(
        steps=trainer.state.global_step,
        examples=trainer.order.examples,
        tokens=watch.tokens,
        seconds=whole.train,
        losses=tuple(watch.losses),
        flos=float(trainer.state.total_flos),
        order=tuple(trainer.order.digests),
        engine=trainer.reading.engine,
        validation_losses=tuple(watch.validation_losses),
        computed=_computed(trainer),
        validation_seconds=whole.validate,
        prefix=None if prefix is None else _used(prefix, trainer, whole.prefix),
        spent=ran.spent,
        drawn_again=ran.drawn_again,
        best_step=best.step if best else None,
        updates_lost=listening.rounding.share,
        rows=rows,
        held_out=ran.held_out,
    )


def _used(prefix: RowsPrefix, trainer: CompletionTrainer, seconds: float) -> FrozenPrefix:
    used, engine = replace(prefix.used, seconds=seconds), trainer.reading.engine
    return used if engine == PADDING_FREE else replace(used, notes=(f"not used: batches are {engine}",))


def _computed(trainer: CompletionTrainer) -> str:
    """Return the dtype of products: that of autocast, else the model's."""
    if trainer.args.bf16 or trainer.args.fp16:
        return "bfloat16" if trainer.args.bf16 else "float16"
    return str(trainer.model.dtype).removeprefix("torch.")


def _lacks_the_last(watch: Watch, step: int, validation: ValidationSet) -> bool:
    """Tell whether the loss at the end was not taken; early stopping's is that of the best step."""
    if not watch.validation_losses:
        return True  # a run shorter than the first evaluation
    return validation.early_stopping is None and watch.validation_losses[-1][0] != step


def _dataset(rows: Rows, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    """Return the rows as TRL takes them: texts, or tokens where it would close a conversation a second time."""
    if any(RENDERED in row for row in rows):
        return Dataset.from_list([tokenized(row, tokenizer) for row in rows])
    return Dataset.from_list([{column: row[column] for column in COLUMNS} for row in rows])


def _weighed(rows: Rows, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    """Return the rows that train, with their weights where there are any."""
    weights = weights_of(rows)
    found = _dataset(rows, tokenizer)
    return found if weights is None else found.add_column(WEIGHTS, weights)


def _check_not_empty(trainer: CompletionTrainer, rows: int) -> None:
    if not len(trainer.train_dataset):
        raise TaskError(
            f"training.max_length {trainer.args.max_length} leaves no completion of any of the {rows} training rows. "
            "Raise it, or train on shorter prompts."
        )

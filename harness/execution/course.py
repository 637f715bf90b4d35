"""What a training is fed, and how: the rows that were prepared, in batches, as its recipe changes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from harness.errors import SourceError
from harness.execution.base import load_model
from harness.execution.clock import Clock
from harness.execution.unit import CellWork
from harness.ledger.run import PREFIX
from harness.methods._base import Adapted
from harness.methods.batches import Batches
from harness.model.precision import Dtype
from harness.plan.identity import data_key
from harness.sources import models
from harness.sources.data import Row
from harness.spec.records import Recipe, Stage
from harness.training import Rows
from harness.training.confidence import row_losses
from harness.training.control import controlled
from harness.training.prefix import RowsPrefix
from harness.training.probe import probe_batches
from harness.training.rows import ranking_rows, rows_sha256, stage_rows
from harness.transforms import cleaned, reads_losses


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a training is fed, and how: rows, passes over them as batches, SFTConfig's fields, seed, device, dtype.

    `ranking` starts a pass over the batches that rank layers, where these are not batches of the rows.
    Of a batch `rows_at_once` rows are read at a time, all of them with None. With a `prefix` folder, what enters the
    lowest trained layer is read from there, or kept: so many bytes at most.
    """

    tokenizer: PreTrainedTokenizerBase
    rows: Rows
    fields: Mapping[str, Any]
    seed: int
    batches: Batches
    ranking: Batches | None = None
    device: str = "cpu"
    padding_free: bool = False
    rows_at_once: int | None = None
    dtype: Dtype = "float32"
    prefix: Path | None = None
    prefix_bytes: int = 0

    def prefix_of(self, adapted: Adapted) -> RowsPrefix | None:
        """Return what reads or keeps the lower layers of a model that is about to train; None where nothing does."""
        if self.prefix is None or not min(adapted.layers, default=0):
            return None
        autocast = None if self.dtype == "float32" else self.dtype
        return RowsPrefix(adapted, self.prefix, bound=self.prefix_bytes, autocast=autocast)


def course_of(work: CellWork, recipe: Recipe, clock: Clock) -> Course:
    """Return what the training is fed. Raises `SourceError` where the rows are not those that were prepared."""
    tokenizer = models.tokenizer(work.experiment.model)
    rows = stage_rows(work.experiment, work.stage or Stage(recipe=recipe), tokenizer)
    _refuse_changed(rows, work.rows_sha256, "training rows")
    fields = work.experiment.training_of(recipe)
    if reads_losses(recipe.transforms):
        clock.enter("select")
        rows = _cleaned(work, recipe, rows, fields)
    rows = controlled(rows, recipe.control)
    batches = probe_batches(rows, tokenizer, fields, seed=work.seed)
    execute = work.experiment.execute
    return Course(
        tokenizer=tokenizer,
        rows=rows,
        fields=fields,
        seed=work.seed,
        batches=batches,
        ranking=_ranking(work, recipe, tokenizer, fields),
        device=work.device,
        padding_free=execute.padding_free,
        rows_at_once=work.rows_at_once,
        dtype=work.experiment.model.dtype,
        prefix=work.folder.parents[1] / PREFIX / "rows" if execute.frozen_training else None,
        prefix_bytes=execute.frozen_prefix_bytes,
    )


def _refuse_changed(rows: Sequence[Row], prepared: str, what: str) -> None:
    if rows_sha256(rows) != prepared:
        raise SourceError(f"the {what} changed since the run started; start again with a new --out.")


def _ranking(
    work: CellWork, recipe: Recipe, tokenizer: PreTrainedTokenizerBase, fields: Mapping[str, Any]
) -> Batches | None:
    """Return what starts a pass over the batches that rank layers, None where these are batches of what trains."""
    data = recipe.layers.data
    if data is None:
        return None
    rows = ranking_rows(work.experiment, data, tokenizer)
    _refuse_changed(rows, work.content.ranking[data_key(data)], "rows that layers are ranked by")
    return probe_batches(rows, tokenizer, fields, seed=work.seed)


def _cleaned(work: CellWork, recipe: Recipe, rows: Sequence[Row], fields: Mapping[str, Any]) -> list[Row]:
    """Return the rows that are left by what they cost the untuned base, which is let go of again."""
    base = load_model(work.experiment.model, quantization=recipe.base_quantization, device=work.device)
    return cleaned(rows, recipe.transforms, lambda asked: row_losses(base.model, asked, base.tokenizer, fields))

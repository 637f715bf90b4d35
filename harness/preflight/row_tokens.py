"""How many tokens a training example has: counted on a sample where the rows are at hand, else assumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

from harness.preflight.sampled import ASSUMED_ANSWERS, drawn, lengths
from harness.preflight.unknown import Unknown
from harness.sources.data import Row
from harness.spec.records import Experiment, Stage
from harness.training.lengths import Span, spans
from harness.training.rows import stage_rows, training_rows
from harness.transforms import count_left, origins

ASSUMED_ROW = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTokens:
    """Training examples, None where they could not be counted, and the tokens of one.

    `completion_tokens` are those of an example that are predicted, `lengths` the tokens of each that was counted,
    `spans` those of every row and its prompt, before any are dropped by their loss; `origins` are the rows that were
    changed, by what changed them.
    """

    count: int | None
    tokens: float
    completion_tokens: float
    lengths: tuple[int, ...] = ()
    spans: tuple[Span, ...] = ()
    origins: Mapping[str, int] = field(default_factory=dict)

    def padded(self, batch: int) -> float:
        """Return the places that an example takes in batches of `batch`, each as wide as its longest."""
        batches = [self.lengths[start : start + batch] for start in range(0, len(self.lengths), batch)]
        read = sum(len(each) * max(each) for each in batches)
        return read / len(self.lengths) if self.lengths else self.tokens


def count_row_tokens(
    experiment: Experiment,
    tokenizer: PreTrainedTokenizerBase | None,
    unknown: Unknown,
    stage: Stage | None = None,
    *,
    read: Sequence[Row] | None = None,
) -> RowTokens:
    """Count the rows that train a stage, without one those of the experiment; `read` are those that are at hand."""

    def reading() -> Sequence[Row]:
        if read is not None:
            return read
        return training_rows(experiment, tokenizer) if stage is None else stage_rows(experiment, stage, tokenizer)

    rows = None if tokenizer is None else unknown.attempt(reading)
    if tokenizer is None or rows is None:
        unknown.assume(f"{ASSUMED_ROW:.0f} tokens a training example")
        return RowTokens(count=None, tokens=ASSUMED_ROW, completion_tokens=ASSUMED_ROW * ASSUMED_ANSWERS)
    sample = [rows[place] for place in drawn(len(rows))]
    whole = lengths(tokenizer, [row["prompt"] + row["completion"] for row in sample])
    completions = lengths(tokenizer, [row["completion"] for row in sample])
    return RowTokens(
        count=len(rows) if stage is None else count_left(len(rows), stage.recipe.transforms),
        lengths=whole,
        origins=origins(rows),
        spans=spans(rows, tokenizer),
        tokens=sum(whole) / len(whole),
        completion_tokens=sum(completions) / len(completions),
    )

"""How many training rows `max_length` cuts or leaves out: TRL does both in silence."""

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase
from trl import SFTConfig

from harness.sources.data import Row
from harness.trained import RowCounts
from harness.training.tokens import tokens_of

Span = tuple[int, int]
"""Tokens of a row's prompt, and of the whole row with the token that ends it."""


def spans(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> tuple[Span, ...]:
    """Return the rows' lengths as TRL tokenizes them, before anything is cut."""
    tokens = (tokens_of(row, tokenizer) for row in rows)
    return tuple((prompt, len(ids)) for ids, prompt in tokens)


def count_rows(lengths: Sequence[Span], fields: Mapping[str, Any]) -> RowCounts:
    """Return what SFTConfig's `fields` leave of rows of these lengths.

    TRL keeps the first `max_length` tokens, the last with ``truncation_mode: "keep_end"``, and leaves out a row of
    whose completion nothing is kept. An adapter's virtual tokens come on top and cut nothing.
    """
    limit = fields.get("max_length", SFTConfig.max_length)
    longer = [] if limit is None else [prompt for prompt, whole in lengths if whole > limit]
    keeps_end = fields.get("truncation_mode") == "keep_end"
    dropped = 0 if keeps_end else sum(prompt >= limit for prompt in longer)
    return RowCounts(total=len(lengths), cut=len(longer) - dropped, dropped=dropped, max_length=limit)

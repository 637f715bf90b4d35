"""Which training rows `max_length` cuts or leaves out, and how many: TRL does both in silence."""

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
    limit = _limit(fields)
    longer = [] if limit is None else [prompt for prompt, whole in lengths if whole > limit]
    dropped = 0 if limit is None or _keeps_end(fields) else sum(prompt >= limit for prompt in longer)
    return RowCounts(total=len(lengths), cut=len(longer) - dropped, dropped=dropped, max_length=limit)


def cut(ids: Sequence[int], prompt: int, fields: Mapping[str, Any]) -> tuple[Sequence[int], int] | None:
    """Return what a training with SFTConfig's `fields` keeps of a row, and how many tokens of it are prompt.

    None where no token of the completion is kept: TRL leaves such a row out.
    """
    limit = _limit(fields)
    if limit is not None and len(ids) > limit:
        gone = len(ids) - limit if _keeps_end(fields) else 0
        ids, prompt = ids[gone : gone + limit], max(0, prompt - gone)
    return (ids, prompt) if prompt < len(ids) else None


def _limit(fields: Mapping[str, Any]) -> int | None:
    """Return SFTConfig's `max_length`: its default where nothing is said, and no limit where null is said."""
    limit: int | None = fields.get("max_length", SFTConfig.max_length)
    return limit


def _keeps_end(fields: Mapping[str, Any]) -> bool:
    return fields.get("truncation_mode") == "keep_end"

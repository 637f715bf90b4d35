"""A training row as tokens, as TRL makes them: what a chat template wrote whole takes no special token beside it."""

from typing import Any

from transformers import PreTrainedTokenizerBase

from harness.sources.data import RENDERED, Row


def tokens_of(row: Row, tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], int]:
    """Return the row's token ids, uncut, and how many of them come before what is predicted.

    A text gets the tokenizer's special tokens and, where it does not end with it, EOS; a conversation has what its
    template wrote. The completion begins where prompt and whole row diverge, as in TRL.
    """
    rendered = RENDERED in row
    ending = "" if rendered or row["completion"].endswith(str(tokenizer.eos_token)) else str(tokenizer.eos_token)
    prompt = _ids(tokenizer, row["prompt"], rendered=rendered)
    whole = _ids(tokenizer, row["prompt"] + row["completion"] + ending, rendered=rendered)
    apart = (k for k, (one, other) in enumerate(zip(prompt, whole, strict=False)) if one != other)
    return whole, next(apart, min(len(prompt), len(whole)))


def tokenized(row: Row, tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """Return the columns of a data set that SFTTrainer takes for tokenized."""
    ids, before = tokens_of(row, tokenizer)
    return {"input_ids": ids, "completion_mask": [0] * before + [1] * (len(ids) - before)}


def _ids(tokenizer: PreTrainedTokenizerBase, text: str, *, rendered: bool) -> list[int]:
    return list(tokenizer(text, add_special_tokens=not rendered)["input_ids"])

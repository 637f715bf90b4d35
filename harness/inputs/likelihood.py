"""How likely a base model finds prompts: tokens of each, and bits a byte."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from harness.errors import ComparisonError
from harness.execution.base import load_model
from harness.inputs.prompts import Prompts
from harness.inputs.shifted import Likely
from harness.sources.models import Loaded
from harness.spec.records import Model
from harness.statistics.critical import Floats

_BATCH = 8


def likely(old: Prompts, new: Prompts, declared: Model, *, device: str = "cpu") -> Likely:
    """Load a base and return what it makes of two sets of prompts. Raises `SourceError` where it cannot be had."""
    loaded = load_model(declared, device=device)
    (old_tokens, old_bits), (new_tokens, new_bits) = (rated(loaded, each.texts) for each in (old, new))
    return Likely(
        model=declared.name, old_tokens=old_tokens, new_tokens=new_tokens, old_bits=old_bits, new_bits=new_bits
    )


def rated(loaded: Loaded, texts: Sequence[str]) -> tuple[Floats, Floats]:
    """Return each text's number of tokens and its bits a byte, after a token that begins a text.

    Of a text longer than the model's window the beginning alone is rated, over the bytes of that beginning. Raises
    `ComparisonError` for a tokenizer without such a token.
    """
    tokenizer, model = loaded.tokenizer, loaded.model
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if begin is None:
        raise ComparisonError("the tokenizer has no token that begins or ends a text, after which one could be rated.")
    ids = [list(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    window = int(getattr(model.config, "max_position_embeddings", None) or max(map(len, ids)) + 1)
    rows = [[begin, *each[: window - 1]] for each in ids]
    order = sorted(range(len(rows)), key=lambda k: -len(rows[k]))
    bits = np.empty(len(rows))
    for at in range(0, len(order), _BATCH):
        places = order[at : at + _BATCH]
        for place, nats in zip(places, _nats(model, [rows[k] for k in places]), strict=True):
            whole = len(rows[place]) == len(ids[place]) + 1
            read = texts[place] if whole else str(tokenizer.decode(rows[place][1:]))
            bits[place] = nats / math.log(2) / max(1, len(read.encode()))
    return np.array([len(each) for each in ids], dtype=np.float64), bits


@torch.no_grad()
def _nats(model: torch.nn.Module, rows: Sequence[Sequence[int]]) -> Iterator[float]:
    """Yield the negative log-likelihood of each row after its first token, in nats."""
    device, longest = next(model.parameters()).device, max(map(len, rows))
    ids = torch.zeros((len(rows), longest), dtype=torch.long, device=device)
    mask = torch.zeros_like(ids)
    for k, row in enumerate(rows):
        ids[k, : len(row)], mask[k, : len(row)] = torch.tensor(row, device=device), 1
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
    logs = torch.log_softmax(logits, dim=-1).gather(-1, ids[:, 1:, None]).squeeze(-1).double()
    yield from (-(logs * mask[:, 1:]).sum(dim=1)).tolist()

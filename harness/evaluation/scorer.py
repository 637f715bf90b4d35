"""The scorer: an lm-eval model that reads a question's prompt once for all its options.

HFLM, lm-eval's model for transformers, reads the prompt again for each option and projects every position onto
the vocabulary. Here a row holds the prompt and all options beside each other; a block attention mask and
explicit positions let each option see the prompt and itself alone, and only positions whose next token belongs
to an answer are projected. What all prompts begin with (virtual tokens of an adapter, examples before the item) is read
once for all of them. The log-likelihoods are HFLM's up to rounding. Everything else (tokenization, chat templates,
generation, rolling log-likelihoods) is HFLM's own.
"""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM
from torch import Tensor, nn
from torch.nn import functional

from harness.errors import TaskError
from harness.evaluation.batching import (
    Layout,
    Request,
    SharedRow,
    Tokens,
    attention_mask,
    cut_into_batches,
    lay_out,
    share_rows,
)
from harness.evaluation.frozen_prefix import PrefixReader
from harness.evaluation.memory import Halving
from harness.evaluation.opening import Opening, opening_tokens, read_opening
from harness.evaluation.progress import RequestCounter
from harness.evaluation.support import unsupported
from harness.methods._base import base_of, virtual_tokens
from harness.model.below import batch_digest
from harness.model.devices import ran_out
from harness.model.head import projected_at
from harness.model.precision import computes_in_half, mixed

Score = tuple[float, bool]
"""Log-likelihood (nats) of a continuation, and whether greedy decoding would give it."""

TOKENS = 2048
"""Tokens a batch may hold, padding included; bounds memory where prompts are long."""

FINE = 1e-3
"""Nats that an answer's log-likelihood may differ by from a plain forward pass's in float32."""

COARSE = 0.1
"""Nats a token that it may differ by where activations are rounded to 16 or 8 bits."""

_log = logging.getLogger(__name__)


SCORER_VERSION = 1
"""Part of an evaluation's identity: raise it when a change here changes a likelihood by more than rounding."""


@register_model("shared-prompt")
class SharedPromptLM(HFLM):
    """HFLM with shared prompts where the model allows it.

    `engine` says which engine answered: ``shared-prompt``, with how many tokens were read once for all prompts if any
    were, or ``hflm:`` and why. With `reads_once` off, every prompt is read whole, virtual tokens with it. What enters
    the layers of a `prefix` is read or kept, batch by batch.
    """

    def __init__(
        self,
        pretrained: Any,
        *,
        counter: RequestCounter | None = None,
        reads_once: bool = True,
        prefix: PrefixReader | None = None,
        **options: Any,
    ) -> None:
        # HFLM switches any autocast off that is not its own.
        half = mixed(pretrained) if isinstance(pretrained, nn.Module) else None
        super().__init__(pretrained, **{"softmax_dtype": "float32", "mixed_precision_dtype": half, **options})
        self._engine = "shared-prompt"
        self._memory = Halving()
        self._reads_once = reads_once
        self._virtual = virtual_tokens(pretrained) if reads_once else 0
        self._counter = counter or RequestCounter()
        self._prefix = prefix
        self._opening: Tokens = []
        self._openings: dict[bool, Opening] = {}

    @property
    def engine(self) -> str:
        """Which engine answered, and whether memory ran out on the way."""
        return self._engine + self._memory.said

    def loglikelihood(self, requests: list[Instance], *, disable_tqdm: bool = False) -> list[Score]:
        """Score (context, continuation) pairs."""
        self._counter.expect(len(requests))
        return super().loglikelihood(requests, disable_tqdm=disable_tqdm)

    def loglikelihood_rolling(self, requests: list[Instance], *, disable_tqdm: bool = False) -> list[float]:
        """Score whole texts, as HFLM does."""
        self._counter.expect(len(requests))
        self._engine = "hflm: rolling log-likelihood"
        return super().loglikelihood_rolling(requests, disable_tqdm=disable_tqdm)

    def generate_until(self, requests: list[Instance], *, disable_tqdm: bool = False) -> list[str]:
        """Generate, as HFLM does."""
        self._counter.expect(len(requests))
        self._engine = "hflm: generation"
        return super().generate_until(requests, disable_tqdm=disable_tqdm)

    def _loglikelihood_tokens(
        self, requests: Sequence[Request], *, disable_tqdm: bool = False, override_bs: int | None = None
    ) -> list[Score]:
        if any(text is None for text, _, _ in requests):  # windows of whole texts: nothing is shared
            return self._plain(requests, disable_tqdm=disable_tqdm, override_bs=override_bs)
        _check_answers(requests)
        short = [place for place, (_, context, option) in enumerate(requests) if self._fits(context, option)]
        answers = dict(zip(short, self._shared([requests[place] for place in short]), strict=True))
        long = [place for place in range(len(requests)) if place not in answers]
        if long:
            self._engine += f"; hflm for {len(long)} of {len(requests)} requests: longer than {self.max_length} tokens"
            answers.update(zip(long, self._plain([requests[place] for place in long]), strict=True))
        return [answers[place] for place in range(len(requests))]

    def _plain(self, requests: Sequence[Request], **options: Any) -> list[Score]:
        scores: list[Score] = super()._loglikelihood_tokens(list(requests), **options)
        return scores

    def _model_call(self, inps: Tensor, attn_mask: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        """Return logits, (rows, tokens, vocabulary), as HFLM does: of fewer rows at a time where memory runs out."""
        whole = super()._model_call
        if attn_mask is not None or labels is not None:  # an encoder–decoder model's
            return whole(inps, attn_mask=attn_mask, labels=labels)
        rows, width = inps.shape
        parts = self._memory.parts(rows, width, lambda some: whole(inps[some]))
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _model_generate(self, context: Tensor, max_length: int, stop: list[str], **options: Any) -> Tensor:
        """Return (rows, tokens) what was generated, likewise; what is sampled is drawn for all rows at once."""
        whole = super()._model_generate
        mask = options.pop("attention_mask", None)

        def part(rows: slice) -> Tensor:
            seen = {} if mask is None else {"attention_mask": mask[rows]}
            return whole(context[rows], max_length, stop, **seen, **options)

        if options.get("do_sample") or options.get("temperature"):
            return part(slice(None))
        found = self._memory.parts(len(context), max_length, part)
        longest = max(each.shape[1] for each in found)
        pad = int(self.tokenizer.pad_token_id)
        return torch.cat([functional.pad(each, (0, longest - each.shape[1]), value=pad) for each in found])

    def _fits(self, context: Sequence[int], option: Sequence[int]) -> bool:
        return len(context) + len(option) <= self.max_length + 1

    def _shared(self, requests: Sequence[Request]) -> list[Score]:
        """Score requests in shared rows, or by HFLM where the model does not allow it."""
        if not requests:
            return []
        longest = share_rows(requests, budget=TOKENS)[0].length
        reason = unsupported(self.model, longest=longest, before=self._virtual)
        tokens = opening_tokens(context for _, context, _ in requests) if self._reads_once else []
        if reason is None and tokens:
            answers, contradiction = self._in_rows(requests, tokens)
            if contradiction is None:
                self._engine = engine_name(self._virtual, len(tokens))
                return answers
            _log.info("every prompt is read whole: %s", contradiction)
        if reason is None:
            answers, reason = self._in_rows(requests, [])
        if reason is not None:
            self._engine = f"hflm: {reason}"
            _log.info("scoring with HFLM: %s", reason)
            return self._plain(requests)
        self._engine = engine_name(self._virtual, 0)
        return answers

    def _in_rows(self, requests: Sequence[Request], opening: Tokens) -> tuple[list[Score], str | None]:
        """Score requests in shared rows after their common opening; nothing but the reason where that goes wrong."""
        whole = [(text, context[len(opening) :], option) for text, context, option in requests]
        ordered = share_rows(whole, budget=TOKENS)
        answers, reason = self._checked(requests, ordered[0], opening)
        if reason is not None:
            return [], reason
        self._counter.advance(len(answers))
        for batch in cut_into_batches(ordered[1:], size=int(self.batch_size), budget=TOKENS):
            for part in self._memory.parts(len(batch), batch[0].length, partial(self._part, batch)):
                answers.update(part)
            self._counter.advance(sum(len(row.options) for row in batch))
        return [answers[place] for place in range(len(requests))], None

    def _checked(
        self, requests: Sequence[Request], row: SharedRow, opening: Tokens
    ) -> tuple[dict[int, Score], str | None]:
        """Read the opening, score `row`, the longest, and return how a plain forward pass contradicts it, if it does.

        The last option of the longest row has the most beside it that it must not see, and the prompt farthest
        away: what the rules in `support` do not know of (positions taken from columns, a recurrent state, a
        window) shows there first.
        """
        place = row.requests[-1]
        ((plain, _),) = self._plain([requests[place]], disable_tqdm=True)
        try:
            self._opening, self._openings = opening, {}
            answers = self._batch([row])
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
            if ran_out(error):
                raise
            return {}, f"the model takes no block mask ({type(error).__name__}: {error})"
        shared, _ = answers[place]
        if abs(plain - shared) <= tolerance(self.model, tokens=len(row.options[-1])):
            return answers, None
        return {}, f"shared prompts give {shared:.4f} where a plain forward pass gives {plain:.4f}"

    def _part(self, batch: Sequence[SharedRow], rows: slice) -> dict[int, Score]:
        return self._batch(batch[rows])

    @torch.inference_mode()
    def _batch(self, batch: Sequence[SharedRow]) -> dict[int, Score]:
        layout = lay_out(batch, pad=int(self.tokenizer.pad_token_id))
        logits = self._answer_logits(layout)
        target = layout.target.to(logits.device)
        place = layout.place.to(logits.device)
        picked = logits[place, target] - logits.logsumexp(-1)[place]
        greedy = is_greedy(logits, place, target)
        places = [place for row in batch for place in row.requests]
        sums = [float(part.sum()) for part in picked.split(layout.lengths)]
        hits = [bool(part.all()) for part in greedy.split(layout.lengths)]
        return dict(zip(places, zip(sums, hits, strict=True), strict=True))

    def _autocast(self) -> torch.autocast:
        """Compute as HFLM does: in 16 bits where weights are of two dtypes."""
        half = self.mixed_precision_dtype
        return torch.autocast(self.device.type, dtype=half, enabled=half is not None)

    def _answer_logits(self, layout: Layout) -> Tensor:
        """Return float32 logits at the predicting places, (P, vocabulary)."""
        if self._prefix is None:
            return self._logits(layout, self._opened(whole=True))
        return self._prefix.through(
            batch_digest(layout.ids, layout.positions, layout.blocks, torch.tensor(self._opening)),
            lambda whole: self._opened(whole=whole),
            lambda opened: self._logits(layout, opened),
        )

    def _opened(self, *, whole: bool) -> Opening | None:
        """Return what all prompts begin with as it was read: with the `whole` model, or at least its upper layers."""
        if (self._opening or self._virtual) and whole not in self._openings:
            self._openings[whole] = self._read(whole=whole)
        return self._openings.get(whole)

    def _read(self, *, whole: bool) -> Opening:
        with self._autocast():
            if self._prefix is None:
                return read_opening(self.model, self._opening)
            name = batch_digest(torch.tensor(self._opening))
            return self._prefix.opening(name, lambda: read_opening(self.model, self._opening), whole=whole)

    def _logits(self, layout: Layout, opened: Opening | None) -> Tensor:
        head, length = self.model.get_output_embeddings(), layout.ids.shape[1]
        before = opened.length if opened else 0
        cache = opened.copied(len(layout.ids)) if opened else None
        reads_on = base_of(self.model) if self._virtual else self.model  # which would put them before the row again
        with projected_at(head, layout.at_row, layout.at_column, length=length), self._autocast():
            output = reads_on(
                input_ids=layout.ids.to(self.device),
                position_ids=layout.positions.to(self.device) + before,
                attention_mask=attention_mask(layout, self.model.dtype, before=before).to(self.device),
                past_key_values=cache,
                use_cache=cache is not None,
            )
        return output.logits[0].float()


def engine_name(virtual: int, opening: int) -> str:
    """Name the engine that shares prompts, after so many virtual tokens and first tokens that were read once."""
    once = [f"{virtual} virtual tokens"] * (virtual > 0) + [f"the first {opening} tokens"] * (opening > 0)
    return f"shared-prompt, {' and '.join(once)} read once" if once else "shared-prompt"


def is_greedy(logits: Tensor, place: Tensor, target: Tensor) -> Tensor:
    """Return (T,) whether each target is the argmax of its row of `logits` (P, vocabulary).

    Finding the greatest value takes a tenth of the time that finding its place does, which is asked only where a
    target's logit is no less than it: of equal ones argmax names one, and a row that holds a NaN is its own.
    """
    found = ~(logits[place, target] < logits.amax(-1)[place])
    asked = found.nonzero()[:, 0]
    found[asked] = logits[place[asked]].argmax(-1) == target[asked]
    return found


def tolerance(model: Any, *, tokens: int) -> float:
    """Return how far rounding alone may move the log-likelihood of `tokens` tokens, in nats.

    Half precision and int8 activations round by the batch that a row stands in.
    """
    rounds = computes_in_half(model) or getattr(model, "is_loaded_in_8bit", False)
    return COARSE * tokens if rounds else FINE


def _check_answers(requests: Sequence[Request]) -> None:
    for text, _, option in requests:
        if not option:
            raise TaskError(f"an answer has no tokens, so it has no likelihood: (context, answer) = {text!r}.")

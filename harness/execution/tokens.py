"""How many tokens an experiment trains on and scores: counted where the data is at hand, else assumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from harness.errors import HarnessError
from harness.plan.identity import suite_limit
from harness.sources import models
from harness.spec.records import Experiment, Suite
from harness.suites.lm_tasks import load_task
from harness.training import data

ASSUMED_ROW = 80.0
ASSUMED_ANSWERS = 0.5
"""Part of a training example or an item that is completion or options, where it is not counted."""
ASSUMED_ITEM = 160.0
ASSUMED_ITEMS = 500
SAMPLE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteSize:
    """Items that a suite scores, the tokens that a model reads for one of them, and those of the options among them."""

    items: int
    tokens: float
    answers: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Tokens a training example and each suite; `assumed` names what could not be counted and why.

    `completion_tokens` are those of an example that are predicted.
    """

    rows: int | None
    row_tokens: float
    completion_tokens: float
    suites: dict[str, SuiteSize]
    assumed: tuple[str, ...]


def sizes(experiment: Experiment) -> Sizes:
    """Count on a sample of what is in the cache; download nothing."""
    assumed: list[str] = []
    tokenizer = None
    try:
        tokenizer = models.tokenizer(experiment.model)
        rows = data.rows(experiment, tokenizer)
        row_tokens = _mean(tokenizer, [row["prompt"] + row["completion"] for row in rows[:SAMPLE]])
        completion = _mean(tokenizer, [row["completion"] for row in rows[:SAMPLE]])
        count: int | None = len(rows)
    except HarnessError:
        count, row_tokens, completion = None, ASSUMED_ROW, ASSUMED_ROW * ASSUMED_ANSWERS
        assumed.append(f"{ASSUMED_ROW:.0f} tokens a training example (model or data not in the cache)")
    suites = {suite.task: _suite(suite, experiment, tokenizer, assumed) for suite in experiment.suites}
    return Sizes(rows=count, row_tokens=row_tokens, completion_tokens=completion, suites=suites, assumed=tuple(assumed))


def _suite(
    suite: Suite, experiment: Experiment, tokenizer: PreTrainedTokenizerBase | None, assumed: list[str]
) -> SuiteSize:
    limit = suite_limit(suite, experiment)
    try:
        task = load_task(suite.task, beside=experiment.file.parent, include=experiment.include)
    except HarnessError:
        items = limit or ASSUMED_ITEMS
        assumed.append(f"{suite.task}: {items} items of {ASSUMED_ITEM:.0f} tokens (not in the cache)")
        return SuiteSize(items=items, tokens=ASSUMED_ITEM, answers=ASSUMED_ITEM * ASSUMED_ANSWERS)
    docs = list(task.eval_docs)
    items = len(docs) if limit is None else min(limit, len(docs))
    if tokenizer is None:
        assumed.append(f"{suite.task}: {ASSUMED_ITEM:.0f} tokens an item (no tokenizer in the cache)")
        return SuiteSize(items=items, tokens=ASSUMED_ITEM, answers=ASSUMED_ITEM * ASSUMED_ANSWERS)
    sample = docs[: min(items, SAMPLE)]
    prompt = _mean(tokenizer, [str(task.doc_to_text(doc)) for doc in sample])
    answers = _mean(tokenizer, [_answers(task, doc) for doc in sample])
    return SuiteSize(items=items, tokens=prompt + answers, answers=answers)


def _answers(task: Any, doc: Any) -> str:
    """Return what is scored of an item beside its prompt, which is read once: every option, or the target."""
    options = task.doc_to_choice(doc) if task.config.doc_to_choice is not None else [task.doc_to_target(doc)]
    return " ".join(map(str, options))


def _mean(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> float:
    lengths = [len(ids) for ids in tokenizer(list(texts))["input_ids"]]
    return sum(lengths) / max(len(lengths), 1)

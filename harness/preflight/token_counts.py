"""How many tokens an experiment trains on and scores: counted where the data is at hand, else assumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from harness.plan.identity import data_key, suite_limit
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.spec.records import Experiment, Stage, Suite
from harness.suites.load import load_task
from harness.training.rows import training_rows

ASSUMED_ROW = 80.0
ASSUMED_ANSWERS = 0.5
"""Part of a training example or an item that is completion or options, where it is not counted."""
ASSUMED_ITEM = 160.0
ASSUMED_ITEMS = 500
SAMPLE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTokens:
    """Items that a suite scores, the tokens that a model reads for one of them, and those of the options among them."""

    items: int
    tokens: float
    answers: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTokens:
    """Training examples, None where they could not be counted, and the tokens of one.

    `completion_tokens` are those of an example that are predicted, `lengths` the tokens of each that was counted.
    """

    count: int | None
    tokens: float
    completion_tokens: float
    lengths: tuple[int, ...] = ()

    def padded(self, batch: int) -> float:
        """Return the places that an example takes in batches of `batch`, each as wide as its longest."""
        batches = [self.lengths[start : start + batch] for start in range(0, len(self.lengths), batch)]
        read = sum(len(each) * max(each) for each in batches)
        return read / len(self.lengths) if self.lengths else self.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Training examples and suites in tokens; `stages` are the rows of stages with data of their own, by `data_key`."""

    rows: RowTokens
    suites: dict[str, SuiteTokens]
    stages: Mapping[str, RowTokens]

    def of(self, stage: Stage) -> RowTokens:
        """Return the rows that train a stage."""
        return self.rows if stage.data is None else self.stages[data_key(stage.data)]


def count_tokens(experiment: Experiment, unknown: Unknown) -> TokenCounts:
    """Count on a sample of what is in the cache; download nothing and note in `unknown` what is assumed instead."""
    tokenizer = unknown.attempt(lambda: models.tokenizer(experiment.model))
    rows = _rows(experiment, tokenizer, unknown)
    staged = {data_key(part.data): part for recipe in experiment.recipes for part in recipe.stages if part.data}
    stages = {key: _rows(experiment.for_stage(part), tokenizer, unknown) for key, part in staged.items()}
    suites = {suite.task: _suite(suite, experiment, tokenizer, unknown) for suite in experiment.suites}
    return TokenCounts(rows=rows, suites=suites, stages=stages)


def _rows(experiment: Experiment, tokenizer: PreTrainedTokenizerBase | None, unknown: Unknown) -> RowTokens:
    rows = None if tokenizer is None else unknown.attempt(lambda: training_rows(experiment, tokenizer))
    if tokenizer is None or rows is None:
        unknown.assume(f"{ASSUMED_ROW:.0f} tokens a training example")
        return RowTokens(count=None, tokens=ASSUMED_ROW, completion_tokens=ASSUMED_ROW * ASSUMED_ANSWERS)
    sample = rows[:SAMPLE]
    lengths = _lengths(tokenizer, [row["prompt"] + row["completion"] for row in sample])
    return RowTokens(
        count=len(rows),
        lengths=lengths,
        tokens=sum(lengths) / len(lengths),
        completion_tokens=_mean(tokenizer, [row["completion"] for row in sample]),
    )


def _suite(
    suite: Suite, experiment: Experiment, tokenizer: PreTrainedTokenizerBase | None, unknown: Unknown
) -> SuiteTokens:
    limit, where = suite_limit(suite, experiment), experiment.file.parent
    task = unknown.attempt(lambda: load_task(suite.task, beside=where, include=experiment.include))
    if task is None:
        if limit is None:
            unknown.assume(f"{ASSUMED_ITEMS} items of {suite.task}")
        return _assumed(limit or ASSUMED_ITEMS, unknown)
    docs = list(task.eval_docs)
    items = len(docs) if limit is None else min(limit, len(docs))
    if tokenizer is None:
        return _assumed(items, unknown)
    sample = docs[: min(items, SAMPLE)]
    prompt = _mean(tokenizer, [str(task.doc_to_text(doc)) for doc in sample])
    answers = _mean(tokenizer, [_answers(task, doc) for doc in sample])
    return SuiteTokens(items=items, tokens=prompt + answers, answers=answers)


def _assumed(items: int, unknown: Unknown) -> SuiteTokens:
    unknown.assume(f"{ASSUMED_ITEM:.0f} tokens an item")
    return SuiteTokens(items=items, tokens=ASSUMED_ITEM, answers=ASSUMED_ITEM * ASSUMED_ANSWERS)


def _answers(task: Any, doc: Any) -> str:
    """Return what is scored of an item beside its prompt, which is read once: every option, or the target."""
    options = task.doc_to_choice(doc) if task.config.doc_to_choice is not None else [task.doc_to_target(doc)]
    return " ".join(map(str, options))


def _mean(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> float:
    lengths = _lengths(tokenizer, texts)
    return sum(lengths) / max(len(lengths), 1)


def _lengths(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> tuple[int, ...]:
    return tuple(len(ids) for ids in tokenizer(list(texts))["input_ids"])

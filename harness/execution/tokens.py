"""How many tokens an experiment trains on and scores: counted where the data is at hand, else assumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from harness.errors import HarnessError, first_line
from harness.plan.identity import suite_limit
from harness.sources import models
from harness.spec.records import Data, Experiment, Stage, Suite
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
class Rows:
    """Training examples, None where they could not be counted, and the tokens of one.

    `completion_tokens` are those of an example that are predicted.
    """

    count: int | None
    tokens: float
    completion_tokens: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Training examples and suites in tokens; `assumed` names what could not be counted and why.

    `stages` are the rows of stages with data of their own.
    """

    rows: Rows
    suites: dict[str, SuiteSize]
    assumed: tuple[str, ...]
    stages: Mapping[Data, Rows]

    def of(self, stage: Stage) -> Rows:
        """Return the rows that train a stage."""
        return self.rows if stage.data is None else self.stages[stage.data]


def sizes(experiment: Experiment) -> Sizes:
    """Count on a sample of what is in the cache; download nothing."""
    assumed: list[str] = []
    try:
        tokenizer = models.tokenizer(experiment.model)
    except HarnessError as error:
        tokenizer = None
        assumed.append(f"the model's tokens could not be counted: {first_line(error)}")
    rows = _rows(experiment, tokenizer, assumed)
    staged = {part.data: part for recipe in experiment.recipes for part in recipe.stages if part.data is not None}
    stages = {own: _rows(experiment.for_stage(part), tokenizer, assumed) for own, part in staged.items()}
    suites = {suite.task: _suite(suite, experiment, tokenizer, assumed) for suite in experiment.suites}
    return Sizes(rows=rows, suites=suites, assumed=tuple(dict.fromkeys(assumed)), stages=stages)


def _rows(experiment: Experiment, tokenizer: PreTrainedTokenizerBase | None, assumed: list[str]) -> Rows:
    rows, why = None, "no tokenizer"
    if tokenizer is not None:
        try:
            rows = data.rows(experiment, tokenizer)
        except HarnessError as error:
            why = first_line(error)
    if tokenizer is None or rows is None:
        assumed.append(f"{ASSUMED_ROW:.0f} tokens a training example: {why}")
        return Rows(count=None, tokens=ASSUMED_ROW, completion_tokens=ASSUMED_ROW * ASSUMED_ANSWERS)
    sample = rows[:SAMPLE]
    return Rows(
        count=len(rows),
        tokens=_mean(tokenizer, [row["prompt"] + row["completion"] for row in sample]),
        completion_tokens=_mean(tokenizer, [row["completion"] for row in sample]),
    )


def _suite(
    suite: Suite, experiment: Experiment, tokenizer: PreTrainedTokenizerBase | None, assumed: list[str]
) -> SuiteSize:
    limit = suite_limit(suite, experiment)
    try:
        task = load_task(suite.task, beside=experiment.file.parent, include=experiment.include)
    except HarnessError as error:
        items = limit or ASSUMED_ITEMS
        assumed.append(f"{suite.task}: {items} items of {ASSUMED_ITEM:.0f} tokens: {first_line(error)}")
        return SuiteSize(items=items, tokens=ASSUMED_ITEM, answers=ASSUMED_ITEM * ASSUMED_ANSWERS)
    docs = list(task.eval_docs)
    items = len(docs) if limit is None else min(limit, len(docs))
    if tokenizer is None:
        assumed.append(f"{suite.task}: {ASSUMED_ITEM:.0f} tokens an item: no tokenizer")
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

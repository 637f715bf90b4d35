"""How many tokens an experiment trains on and scores: counted where the data is at hand, else assumed."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from lm_eval.api.instance import Instance
from lm_eval.api.task import Task
from transformers import PreTrainedTokenizerBase

from harness.declarations.tasks import find_task
from harness.evaluation.opening import opening_tokens
from harness.evaluation.progress import without_bars
from harness.plan.cells import PlannedCell
from harness.plan.identity import control_suite, rows_key, suite_limit
from harness.plan.search import margin_suite
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.sources.data import Row
from harness.spec.records import Experiment, Split, Stage, Suite
from harness.suites.examples import shots_for_now
from harness.suites.load import load_task
from harness.suites.scored import scorable, split_for_now
from harness.training.lengths import Span, spans
from harness.training.rows import chat_template, stage_rows, training_rows
from harness.transforms import count_left, origins

ASSUMED_ROW = 80.0
ASSUMED_ANSWERS = 0.5
"""Part of a training example or an item that is completion or options, where it is not counted."""
ASSUMED_ITEM = 160.0
ASSUMED_ITEMS = 500
ASSUMED_REQUESTS = 4
SAMPLE = 64
"""Training examples and items of a suite that are counted, drawn from all of them."""
_SAMPLE_SEED = 5
_WRITTEN_ITEM, _WRITTEN_REQUEST, _WRITTEN_TOKEN = 350, 130, 4
"""Bytes of a sample file beside the texts themselves, an item and a request; a text's bytes, a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTokens:
    """Items that a suite scores, those that it has (None where that is not known), and what one of them comes to.

    `tokens` are those of the texts, the examples before it included and a prompt once for all of its options;
    `answers` those of the options among them; `longest` is the largest item that was counted. Of `tokens` the model
    reads `opening` once for all items, which every prompt begins with: an item's prompts begin `prompts` times with it.
    `requests` is how often the model is asked, `written` the bytes in lm-eval's sample file.
    """

    items: int
    available: int | None
    tokens: float
    answers: float
    longest: float
    requests: float
    written: float
    opening: int = 0
    prompts: float = 1.0

    @property
    def read(self) -> float:
        """Tokens that the model reads of all items."""
        return self.opening + self.items * (self.tokens - self.prompts * self.opening)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Training examples and suites in tokens; `stages` are rows that differ from the experiment's, by `rows_key`.

    `controls` are suites with the examples of a control, by `harness.plan.identity.control_suite`; `margin` is what a
    search scores of the validation rows, None where the loss alone decides.
    """

    rows: RowTokens
    suites: dict[str, SuiteTokens]
    stages: Mapping[str, RowTokens]
    controls: Mapping[str, SuiteTokens] = field(default_factory=dict)
    margin: SuiteTokens | None = None

    def scored(self, planned: PlannedCell) -> list[SuiteTokens]:
        """Return the suites that score a cell."""
        if planned.split == "validation":
            return [] if self.margin is None else [self.margin]
        if planned.control is not None:
            return [self.controls[control_suite(suite)] for suite in planned.suites.values()]
        return [self.suites[suite.task] for suite in planned.suites.values()]

    def of(self, stage: Stage) -> RowTokens:
        """Return the rows that train a stage."""
        key = rows_key(stage)
        return self.rows if key is None else self.stages[key]


def count_tokens(experiment: Experiment, unknown: Unknown) -> TokenCounts:
    """Count on a sample of what is in the cache; download nothing and note in `unknown` what is assumed instead."""
    tokenizer = unknown.attempt(lambda: models.tokenizer(experiment.model))
    rows = count_training(experiment, tokenizer, unknown)
    suites = {suite.task: _suite(suite, experiment, tokenizer, unknown) for suite in experiment.suites}
    of_controls = [suite for control in experiment.controls for suite in control.suites(experiment.suites)]
    controls = {control_suite(each): _suite(each, experiment, tokenizer, unknown) for each in of_controls}
    trials = margin_suite(experiment)
    margin = None if trials is None else _suite(trials, experiment, tokenizer, unknown, split="validation")
    return replace(rows, suites=suites, controls=controls, margin=margin)


def count_training(
    experiment: Experiment,
    tokenizer: PreTrainedTokenizerBase | None,
    unknown: Unknown,
    *,
    read: Mapping[str | None, Sequence[Row]] | None = None,
) -> TokenCounts:
    """Count the rows that train, of all stages, and no suite.

    Rows that were `read` already are taken from there, by `rows_key`, those of the experiment under None.
    """
    at_hand = read or {}
    rows = _rows(experiment, tokenizer, unknown, read=at_hand.get(None))
    parts = {rows_key(part): part for recipe in experiment.recipes for part in recipe.parts}
    stages = {
        key: _rows(experiment, tokenizer, unknown, part, read=at_hand.get(key))
        for key, part in parts.items()
        if key is not None
    }
    return TokenCounts(rows=rows, suites={}, stages=stages)


def _rows(
    experiment: Experiment,
    tokenizer: PreTrainedTokenizerBase | None,
    unknown: Unknown,
    stage: Stage | None = None,
    *,
    read: Sequence[Row] | None = None,
) -> RowTokens:
    """Count the rows of a stage, without one those of the experiment."""

    def reading() -> Sequence[Row]:
        if read is not None:
            return read
        return training_rows(experiment, tokenizer) if stage is None else stage_rows(experiment, stage, tokenizer)

    rows = None if tokenizer is None else unknown.attempt(reading)
    if tokenizer is None or rows is None:
        unknown.assume(f"{ASSUMED_ROW:.0f} tokens a training example")
        return RowTokens(count=None, tokens=ASSUMED_ROW, completion_tokens=ASSUMED_ROW * ASSUMED_ANSWERS)
    sample = [rows[place] for place in _drawn(len(rows))]
    lengths = _lengths(tokenizer, [row["prompt"] + row["completion"] for row in sample])
    return RowTokens(
        count=len(rows) if stage is None else count_left(len(rows), stage.recipe.transforms),
        lengths=lengths,
        origins=origins(rows),
        spans=spans(rows, tokenizer),
        tokens=sum(lengths) / len(lengths),
        completion_tokens=_mean(tokenizer, [row["completion"] for row in sample]),
    )


def _suite(
    suite: Suite,
    experiment: Experiment,
    tokenizer: PreTrainedTokenizerBase | None,
    unknown: Unknown,
    *,
    split: Split = "test",
) -> SuiteTokens:
    limit, where = suite_limit(suite, experiment), experiment.file.parent
    task = unknown.attempt(lambda: load_task(suite.task, beside=where, include=experiment.include))
    if task is None:
        stated = _stated(suite.task, experiment, split)
        if stated is None and limit is None:
            unknown.assume(f"{ASSUMED_ITEMS} items of {suite.task}")
        return _assumed(_scored(stated or limit or ASSUMED_ITEMS, limit), stated, unknown)
    with split_for_now(task, split):
        available = len(scorable(task, suite))
        if tokenizer is None:
            return _assumed(_scored(available, limit), available, unknown)
        return _counted(task, suite, experiment, tokenizer, limit)


def _scored(available: int, limit: int | None) -> int:
    return available if limit is None else min(limit, available)


def _stated(task: str, experiment: Experiment, split: Split) -> int | None:
    """Return how many items the task's file says there are in the split that is scored; None where it says nothing."""
    declared = find_task(task, beside=experiment.file.parent, include=experiment.include)
    if declared is None:
        return None
    own = declared.config.get("test_split") if split == "test" else None
    stated = (declared.metadata.get("counts") or {}).get(own or declared.config.get("validation_split"))
    return stated if isinstance(stated, int) else None


def _assumed(items: int, available: int | None, unknown: Unknown) -> SuiteTokens:
    unknown.assume(f"{ASSUMED_ITEM:.0f} tokens an item")
    return SuiteTokens(
        items=items,
        available=available,
        tokens=ASSUMED_ITEM,
        answers=ASSUMED_ITEM * ASSUMED_ANSWERS,
        longest=ASSUMED_ITEM,
        requests=ASSUMED_REQUESTS,
        written=_WRITTEN_ITEM + ASSUMED_REQUESTS * (_WRITTEN_REQUEST + ASSUMED_ITEM * _WRITTEN_TOKEN),
    )


def _counted(
    task: Task, suite: Suite, experiment: Experiment, tokenizer: PreTrainedTokenizerBase, limit: int | None
) -> SuiteTokens:
    """Count what lm-eval asks of a sample of the items, the examples before them and the chat template included."""
    template = chat_template(tokenizer) if experiment.evaluation.apply_chat_template else None
    places = scorable(task, suite)
    drawn = [places[each] for each in _drawn(len(places))]
    with without_bars(), shots_for_now(task, suite):
        task.build_all_requests(samples=drawn, apply_chat_template=template is not None, chat_template=template)
    asked: dict[int, list[Instance]] = {}
    for request in task.instances:
        asked.setdefault(request.doc_id, []).append(request)
    answers = [_lengths(tokenizer, [_answer(task, each) for each in item]) for item in asked.values()]
    prompts = [_encoded(tokenizer, sorted({_prompt(each) for each in item})) for item in asked.values()]
    read = [sum(map(len, prompt)) + sum(answer) for prompt, answer in zip(prompts, answers, strict=True)]
    alike = experiment.execute.reads_once and all(each.request_type == "loglikelihood" for each in task.instances)
    return SuiteTokens(
        items=_scored(len(places), limit),
        available=len(places),
        tokens=sum(read) / len(read),
        answers=sum(map(sum, answers)) / len(read),
        longest=max(read),
        requests=len(task.instances) / len(read),
        written=sum(_written(task, item) for item in asked.values()) / len(read),
        opening=len(opening_tokens(itertools.chain.from_iterable(prompts))) if alike else 0,
        prompts=sum(map(len, prompts)) / len(read),
    )


def _drawn(count: int) -> list[int]:
    """Return the places of a sample, in order: a file's head may be of one kind."""
    chosen = np.random.default_rng(_SAMPLE_SEED).choice(count, size=min(count, SAMPLE), replace=False)
    return sorted(map(int, chosen))


def _prompt(request: Instance) -> str:
    """Return what is read and not scored: nothing of a text that is scored whole."""
    return "" if request.request_type == "loglikelihood_rolling" else str(request.args[0])


def _answer(task: Task, request: Instance) -> str:
    """Return what is scored, or written by the model: of a text that it writes itself, the right one's length."""
    if request.request_type == "generate_until":
        return str(task.doc_to_target(request.doc))
    return str(request.args[-1])


def _written(task: Task, item: Sequence[Instance]) -> float:
    """Return the bytes of an item in the sample file: its document, and each request with its answer."""
    texts = sum(len(_prompt(each).encode()) + len(_answer(task, each).encode()) for each in item)
    document = json.dumps(item[0].doc, default=str)
    return _WRITTEN_ITEM + len(document) + _WRITTEN_REQUEST * len(item) + texts


def _mean(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> float:
    lengths = _lengths(tokenizer, texts)
    return sum(lengths) / max(len(lengths), 1)


def _lengths(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> tuple[int, ...]:
    return tuple(map(len, _encoded(tokenizer, texts)))


def _encoded(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    return list(tokenizer(list(texts))["input_ids"]) if texts else []

"""How many tokens an item of a suite comes to: counted on a sample where the suite is at hand, else assumed."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass

from lm_eval.api.instance import Instance
from lm_eval.api.task import Task
from transformers import PreTrainedTokenizerBase

from harness.declarations.tasks import find_task
from harness.evaluation.opening import opening_tokens
from harness.evaluation.progress import without_bars
from harness.plan.identity import suite_limit
from harness.preflight.sampled import ASSUMED_ANSWERS, drawn, encoded, lengths
from harness.preflight.unknown import Unknown
from harness.spec.records import Experiment, Split, Suite
from harness.suites.examples import shots_for_now
from harness.suites.load import load_task
from harness.suites.scored import scorable, split_for_now
from harness.training.rows import chat_template

ASSUMED_ITEM = 160.0
ASSUMED_ITEMS = 500
ASSUMED_REQUESTS = 4
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

    def read_apart(self, before: int) -> float:
        """Tokens that it reads of them where each answer has a prompt of its own, behind `before` trained tokens."""
        prompt = (self.tokens - self.answers) / self.prompts
        return self.items * (self.requests * (before + prompt) + self.answers)


def count_suite_tokens(
    suite: Suite,
    experiment: Experiment,
    tokenizer: PreTrainedTokenizerBase | None,
    unknown: Unknown,
    *,
    split: Split = "test",
) -> SuiteTokens:
    """Count the items of `split` that are scored, and their tokens; note in `unknown` what is assumed instead."""
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
    sample = [places[each] for each in drawn(len(places))]
    with without_bars(), shots_for_now(task, suite):
        task.build_all_requests(samples=sample, apply_chat_template=template is not None, chat_template=template)
    asked: dict[int, list[Instance]] = {}
    for request in task.instances:
        asked.setdefault(request.doc_id, []).append(request)
    answers = [lengths(tokenizer, [_answer(task, each) for each in item]) for item in asked.values()]
    prompts = [encoded(tokenizer, sorted({_prompt(each) for each in item})) for item in asked.values()]
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

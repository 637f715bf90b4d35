"""The fixed texts that a model is looked at with, by domain: its suites' first prompts, or texts that are given."""

from collections.abc import Iterator

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from harness.diagnostics._base import ProbeRequest, Probes
from harness.errors import TaskError
from harness.spec.records import Experiment, Suite
from harness.suites.documents import scored_prompts
from harness.suites.load import load_task
from harness.training.rows import chat_template

DOMAINS = ("in_domain", "out_of_domain")
LEAST = 2
"""Tokens that a text needs: over the first token nothing differs in where attention goes."""


def missing_texts(request: ProbeRequest, experiment: Experiment) -> Iterator[str]:
    """Yield the domains that there is no text of, each with the remedy."""
    for domain in DOMAINS:
        if not request.texts.get(domain) and not _suites(experiment, domain):
            yield (
                f"there is no probe text of {domain}: no suite of the experiment has that role. Give `options.texts."
                f"{domain}`, a list of texts, or add such a suite."
            )


def probes_of(request: ProbeRequest, experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> Probes:
    """Return the token ids of the texts. Raises `TaskError` for a text of which fewer than two tokens are left."""
    found = {domain: tuple(_texts(request, experiment, tokenizer, domain)) for domain in DOMAINS}
    return {domain: tuple(_ids(text, request, tokenizer, domain) for text in texts) for domain, texts in found.items()}


def _suites(experiment: Experiment, domain: str) -> list[Suite]:
    return [suite for suite in experiment.suites if suite.role == domain]


def _texts(
    request: ProbeRequest, experiment: Experiment, tokenizer: PreTrainedTokenizerBase, domain: str
) -> Iterator[str]:
    if request.texts.get(domain):
        yield from request.texts[domain]
        return
    suites = _suites(experiment, domain)
    template = chat_template(tokenizer) if experiment.evaluation.apply_chat_template else None
    for place, suite in enumerate(suites):
        count = request.items // len(suites) + (place < request.items % len(suites))
        task = load_task(suite.task, beside=experiment.file.parent, include=experiment.include)
        yield from scored_prompts(task, count, chat_template=template)


def _ids(text: str, request: ProbeRequest, tokenizer: PreTrainedTokenizerBase, domain: str) -> Tensor:
    ids = tokenizer(text)["input_ids"][: request.tokens]
    if len(ids) < LEAST:
        raise TaskError(
            f"the probe text {text!r:.60} of {domain} has {len(ids)} tokens, and a look takes {LEAST}. Give longer "
            "ones in `options.texts`."
        )
    return torch.tensor([ids])

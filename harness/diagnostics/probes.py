"""What a model is looked at with, the same in every cell: texts by domain, validation rows, items to be scored."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harness.diagnostics._base import ProbeRequest, Probes, Texts
from harness.diagnostics.scores import Scorer, lower_is_better
from harness.errors import TaskError
from harness.methods.batches import Batch
from harness.sources import models
from harness.spec.records import Experiment, Model, Recipe, Role
from harness.suites.documents import scored_prompts
from harness.suites.load import load_task
from harness.training.probe import probe_batches
from harness.training.rows import chat_template, validation_rows

DOMAINS: tuple[Role, ...] = ("in_domain", "out_of_domain")
_SEED = 0
LEAST = 2
"""Tokens that a text needs: over the first token nothing differs in where attention goes."""


def missing_texts(request: ProbeRequest, experiment: Experiment) -> Iterator[str]:
    """Yield the domains that there is no text of, each with the remedy."""
    for domain in DOMAINS if request.items else ():
        if not request.texts.get(domain) and not experiment.suites_of(domain):
            yield (
                f"there is no probe text of {domain}: no suite of the experiment has that role. Give `options.texts."
                f"{domain}`, a list of texts, or add such a suite."
            )
    for role in request.roles if request.scored else ():
        if not experiment.suites_of(role):
            yield f"it scores suites of the role {role}, and the experiment has none. Add one, or leave the role out."


def probes_of(
    request: ProbeRequest, experiment: Experiment, recipe: Recipe, tokenizer: PreTrainedTokenizerBase
) -> Probes:
    """Return what is asked for. Raises `TaskError` for a text of which fewer than two tokens are left."""
    return Probes(
        texts=_domains(request, experiment, tokenizer) if request.items else {},
        held_out=_held_out(request, experiment, recipe, tokenizer) if request.held_out else None,
        score=Scorer(experiment=experiment, tokenizer=tokenizer, items=request.scored) if request.scored else None,
        lower_is_better=lower_is_better(experiment, request.roles) if request.scored else frozenset(),
        unquantized=partial(_unquantized, experiment.model) if request.unquantized else None,
    )


def _unquantized(declared: Model) -> PreTrainedModel:
    with torch.random.fork_rng(devices=[]):
        network: PreTrainedModel = models.load(declared).model
    return network


def _held_out(
    request: ProbeRequest, experiment: Experiment, recipe: Recipe, tokenizer: PreTrainedTokenizerBase
) -> Batch:
    rows = validation_rows(experiment, tokenizer)
    fields = experiment.training_of(recipe) | {"per_device_train_batch_size": min(request.held_out, len(rows))}
    batch = next(iter(probe_batches(rows, tokenizer, fields, seed=_SEED)()), None)
    if batch is None:
        raise TaskError("too few validation rows are shorter than training.max_length. Raise it, or ask for fewer.")
    return batch


def _domains(request: ProbeRequest, experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> Texts:
    found = {domain: tuple(_texts(request, experiment, tokenizer, domain)) for domain in DOMAINS}
    return {domain: tuple(_ids(text, request, tokenizer, domain) for text in texts) for domain, texts in found.items()}


def _texts(
    request: ProbeRequest, experiment: Experiment, tokenizer: PreTrainedTokenizerBase, domain: Role
) -> Iterator[str]:
    if request.texts.get(domain):
        yield from request.texts[domain]
        return
    suites = experiment.suites_of(domain)
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

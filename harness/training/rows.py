"""The rows of an experiment, the same for every recipe and seed: its data, its mix, and the validation rows.

Rows that decide about training (early stopping, tuning) are none of those that train.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np
from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from harness.errors import TaskError
from harness.sources.data import COLUMNS, DataContext, Row, read_rows, rows_sha256
from harness.sources.data._base import Render
from harness.sources.data.messages import Message, WrongRowError
from harness.spec.records import Data, EvaluationOptions, Experiment, Stage
from harness.suites.drawing import drawn, labels_of
from harness.training.control import controlled
from harness.transforms import transformed

__all__ = [
    "chat_template",
    "check_disjoint",
    "conversation",
    "data_context",
    "ranking_rows",
    "rows_sha256",
    "stage_rows",
    "training_rows",
    "validation_rows",
]

_HOLD_OUT_SEED = 11
_MIX_SEED = 7


def training_rows(experiment: Experiment, tokenizer: PreTrainedTokenizerBase | None) -> list[Row]:
    """Return the experiment's training rows: its data, then the declared share of each member of its mix.

    A task's rows are rendered as the task is scored, through the tokenizer's chat template if the experiment
    evaluates with it; of other sources texts are taken as they are, and conversations rendered by the template.

    Without a tokenizer they are texts to compare: no template is around them.

    Which rows of a mix member are taken is drawn with a generator seeded by the member's place in the list.
    Rows held out for validation are left out, and a declared `control` deals the answers of the others anew. Raises
    `TaskError` or `SourceError` when there is nothing to train on.
    """
    context = data_context(experiment, tokenizer)
    own, _ = _parted(read_rows(experiment.data, context), experiment.validation.share)
    own = controlled(own, experiment.data.control)
    total = len(own) / (1 - sum(member.share or 0.0 for member in experiment.mix))
    for place, member in enumerate(experiment.mix):
        chosen = _sample(read_rows(member, context), round(total * (member.share or 0.0)), place)
        own = own + controlled(chosen, member.control)
    return own


def stage_rows(experiment: Experiment, stage: Stage, tokenizer: PreTrainedTokenizerBase | None) -> list[Row]:
    """Return the rows that train a stage, or a recipe without stages: those of its data as its transforms leave them.

    A recipe's `control` is not yet applied. Raises as `training_rows` does, and `TaskError` where the rows do not allow
    a transform.
    """
    return transformed(training_rows(experiment.for_stage(stage), tokenizer), stage.recipe.transforms)


def ranking_rows(experiment: Experiment, data: Data, tokenizer: PreTrainedTokenizerBase | None) -> list[Row]:
    """Return the rows of `data` by which layers are ranked: as they would train, without what is held out of them.

    Raises as `training_rows` does.
    """
    return training_rows(replace(experiment, data=data, mix=()), tokenizer)


def validation_rows(experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    """Return the rows on which tuning and early stopping decide, at most `experiment.validation.limit` of them.

    They are drawn in proportion over their forms, subjects and clusters, or the first, as the items of suites are.

    Raises `TaskError` or `SourceError` when there are none.
    """
    wanted, context = experiment.validation, data_context(experiment, tokenizer)
    if wanted.share is not None:
        _, found = _parted(read_rows(experiment.data, context), wanted.share)
    else:
        found = read_rows(wanted.data or replace(experiment.data, split="validation"), context)
    return _limited(found, wanted.limit, experiment.evaluation)


def _limited(rows: list[Row], limit: int, options: EvaluationOptions) -> list[Row]:
    if options.limit_order == "first":
        return rows[:limit]
    return [rows[place] for place in drawn(labels_of(rows), limit, seed=options.limit_seed)]


def check_disjoint(training: Sequence[Row], deciding: Sequence[Row]) -> None:
    """Raise `TaskError` where rows that decide about training are among those that train."""
    texts = set(map(_text, training))
    shared = [row for row in deciding if _text(row) in texts]
    if shared:
        raise TaskError(
            f"{len(shared)} of {len(deciding)} validation rows are trained on, the first: {shared[0]['prompt']!r}. "
            "Declare `validation` with other `data` or a `share`."
        )


def data_context(experiment: Experiment, tokenizer: PreTrainedTokenizerBase | None = None) -> DataContext:
    """Return what sources of rows need to know of the experiment; without a tokenizer there is no chat template."""
    with_template = tokenizer is not None and experiment.evaluation.apply_chat_template
    return DataContext(
        beside=experiment.file.parent,
        include=experiment.include,
        chat_template=chat_template(tokenizer) if with_template else None,
        render=None if tokenizer is None else conversation(tokenizer),
    )


def chat_template(tokenizer: PreTrainedTokenizerBase) -> Callable[..., str]:
    """Return the tokenizer's chat template as training needs it: the tokens read are those that scoring reads.

    TRL lets the tokenizer add its special tokens to a text, lm-eval not to a text that begins with BOS already.
    Where both the template and the tokenizer write BOS, the template's is left out.
    """
    surplus = str(tokenizer.bos_token) if _begins_with_bos(tokenizer) else ""

    def render(messages: list[dict[str, str]], *, add_generation_prompt: bool = True) -> str:
        text = tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            continue_final_message=not add_generation_prompt,
        )
        return str(text).removeprefix(surplus)

    return render


def conversation(tokenizer: PreTrainedTokenizerBase) -> Render:
    """Return what renders a conversation's prompt and completion as TRL does: the template's text, and all of it.

    Where the template renders the prompt otherwise once an answer follows, the completion begins where they part.
    """

    def render(prompt: Sequence[Message], completion: Sequence[Message]) -> tuple[str, str]:
        if tokenizer.chat_template is None:
            raise TaskError(
                "the rows are conversations, and the model's tokenizer has no chat template that renders them. Take a "
                "model with one (the instruct edition has), or rows of texts `prompt` and `completion`."
            )
        try:
            before = str(tokenizer.apply_chat_template(list(prompt), tokenize=False, add_generation_prompt=True))
            whole = str(tokenizer.apply_chat_template([*prompt, *completion], tokenize=False))
        except (TemplateError, TypeError, ValueError, KeyError) as error:
            raise WrongRowError(f"the chat template refuses it: {error}") from error
        shared = sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(before, whole, strict=False)))
        return whole[:shared], whole[shared:]

    return render


def _begins_with_bos(tokenizer: PreTrainedTokenizerBase) -> bool:
    return tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id


def _parted(rows: list[Row], share: float | None) -> tuple[list[Row], list[Row]]:
    """Return the rows that train and those held out: a share of them, at least one, drawn with a fixed seed.

    A row that is there twice trains in neither place once it is held out.
    """
    if share is None:
        return rows, []
    order = np.random.default_rng(_HOLD_OUT_SEED).permutation(len(rows))
    held = order[: max(1, round(len(rows) * share))]
    out = [rows[index] for index in held]
    texts = set(map(_text, out))
    train = [row for row in rows if _text(row) not in texts]
    if not train:
        raise TaskError(f"validation.share holds all {len(rows)} training rows out. Lower it or add rows.")
    return train, out


def _sample(pool: list[Row], count: int, place: int) -> list[Row]:
    if count > len(pool):
        raise TaskError(
            f"mix[{place}] supplies {len(pool)} rows, its share asks for {count}. Lower the share or add rows."
        )
    chosen = np.random.default_rng([place, _MIX_SEED]).choice(len(pool), size=count, replace=False)
    return [pool[index] for index in chosen]


def _text(row: Row) -> tuple[str, ...]:
    return tuple(row[column] for column in COLUMNS)

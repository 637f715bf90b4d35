"""The rows of an experiment: `prompt` and `completion`, the same for every recipe and seed.

Rows that decide about training (early stopping, tuning) are none of those that train.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import datasets
import numpy as np
from lm_eval.api.task import Task
from transformers import PreTrainedTokenizerBase

from harness.contamination import Passage
from harness.errors import SourceError, TaskError
from harness.spec.records import Data, Experiment
from harness.suites.documents import ChatTemplate, training_passages, training_rows
from harness.suites.load import load_task

Row = Mapping[str, str]
COLUMNS = ("prompt", "completion")
_HOLD_OUT_SEED = 11


def rows(experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    """Return the experiment's training rows: its data, then the declared share of each member of its mix.

    A task's rows are rendered as the task is scored, through the tokenizer's chat template if the experiment
    evaluates with it; rows of other sources are taken as they are.

    Which rows of a mix member are taken is drawn with a generator seeded by the member's place in the list.
    Rows held out for validation are left out. Raises `TaskError` or `SourceError` when there is nothing to train on.
    """
    own, _ = _parted(_rows_of(experiment.data, experiment, tokenizer), experiment.validation.share)
    total = len(own) / (1 - sum(member.share or 0.0 for member in experiment.mix))
    for place, member in enumerate(experiment.mix):
        own = own + _sample(_rows_of(member, experiment, tokenizer), round(total * (member.share or 0.0)), place)
    return own


def validation_rows(experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    """Return the rows on which tuning and early stopping decide, at most `experiment.validation.limit` of them.

    Raises `TaskError` or `SourceError` when there are none.
    """
    wanted = experiment.validation
    if wanted.share is not None:
        _, found = _parted(_rows_of(experiment.data, experiment, tokenizer), wanted.share)
    else:
        found = _rows_of(wanted.data or replace(experiment.data, split="validation"), experiment, tokenizer)
    return found[: wanted.limit]


def passages(declared: Data, experiment: Experiment) -> Iterator[Passage]:
    """Yield the rows of one source as the contamination check compares them, numbered from 1 (a file's lines)."""
    if declared.source == "task":
        yield from training_passages(_task(declared, experiment), declared.split)
        return
    read = _from_jsonl(Path(str(declared.path))) if declared.source == "jsonl" else _from_hub(declared)
    for number, row in enumerate(read, start=1):
        whole = f"{row['prompt']} {row['completion']}"
        yield Passage(str(number), whole, whole)


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


def refuse_shared(training: Sequence[Row], deciding: Sequence[Row]) -> None:
    """Raise `TaskError` where rows that decide about training are among those that train."""
    texts = set(map(_text, training))
    shared = [row for row in deciding if _text(row) in texts]
    if shared:
        raise TaskError(
            f"{len(shared)} of {len(deciding)} validation rows are trained on, the first: {shared[0]['prompt']!r}. "
            "Declare `validation` with other `data` or a `share`."
        )


def _text(row: Row) -> tuple[str, ...]:
    return tuple(row[column] for column in COLUMNS)


def sha256(training_rows: Sequence[Row]) -> str:
    """Return a hash of the rows' texts in order."""
    whole = hashlib.sha256()
    for row in training_rows:
        whole.update(json.dumps([row[column] for column in COLUMNS]).encode() + b"\n")
    return whole.hexdigest()


def _rows_of(data: Data, experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    if data.source == "task":
        task = _task(data, experiment)
        template = chat_template(tokenizer) if experiment.evaluation.apply_chat_template else None
        return list(training_rows(task, chat_template=template, split=data.split))
    if data.source == "jsonl":
        return _from_jsonl(Path(str(data.path)))
    return _from_hub(data)


def _task(data: Data, experiment: Experiment) -> Task:
    return load_task(str(data.task), beside=experiment.file.parent, include=experiment.include)


def chat_template(tokenizer: PreTrainedTokenizerBase) -> ChatTemplate:
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


def _begins_with_bos(tokenizer: PreTrainedTokenizerBase) -> bool:
    return tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id


def _sample(pool: list[Row], count: int, place: int) -> list[Row]:
    if count > len(pool):
        raise TaskError(
            f"mix[{place}] supplies {len(pool)} rows, its share asks for {count}. Lower the share or add rows."
        )
    chosen = np.random.default_rng([place, 7]).choice(len(pool), size=count, replace=False)
    return [pool[index] for index in chosen]


def _from_jsonl(path: Path) -> list[Row]:
    wrong: list[str] = []
    read: list[Row] = []
    for number, line in enumerate(_lines(path), start=1):
        row = _parse(line)
        if row is None:
            wrong.append(f"{path}:{number}: not an object, in UTF-8, with the strings `prompt` and `completion`")
        else:
            read.append(row)
    if wrong or not read:
        raise TaskError("\n".join(wrong) or f"{path} holds no training rows.")
    return read


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()  # of a text it would also break at signs inside a string
    except OSError as error:
        raise TaskError(f"{path}: cannot be read: {error.strerror}.") from error


def _parse(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(row, dict) and all(isinstance(row.get(column), str) for column in COLUMNS)
    return {column: row[column] for column in COLUMNS} if whole else None


def _from_hub(data: Data) -> list[Row]:
    try:
        table = datasets.load_dataset(data.id, data.name, split=data.split, revision=data.revision)
    except Exception as error:
        raise SourceError(
            f"the data set {data.id} could not be loaded from the hub ({type(error).__name__}: {error}). "
            "Check the network, the id and the revision."
        ) from error
    missing = [column for column in COLUMNS if column not in table.column_names]
    if missing:
        raise SourceError(
            f"the data set {data.id} lacks the column {' and '.join(missing)}; it has {table.column_names}."
        )
    return [{column: str(row[column]) for column in COLUMNS} for row in table]

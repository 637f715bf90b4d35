"""The documents of a task as text: rows to train on, and passages that the contamination check compares.

Everything is rendered with the task's own templates, so that training and evaluation share one format.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lm_eval.api.task import Task

from harness.contamination import Passage
from harness.errors import TaskError
from harness.suites.drawing import labels_in
from harness.suites.weights import weight_in

ChatTemplate = Callable[..., str]
"""Renders a list of ``{"role", "content"}`` messages; lm-eval passes ``add_generation_prompt``."""


def training_rows(
    task: Task, *, chat_template: ChatTemplate | None = None, split: str = "train"
) -> list[dict[str, str]]:
    """Return the task's training (or validation) split as ``{"prompt", "completion"}`` rows with its labels.

    The prompt is the one that lm-eval would score at zero shots (description included); the completion is what
    it would score as the right answer, the delimiter before it included, the first where several are right.
    Raises `TaskError` for a task without such documents and for a document that cannot be rendered.
    """
    field = "training_split" if split == "train" else "validation_split"
    if getattr(task.config, field) is None:
        raise TaskError(
            f"task {task.task_name} has no {field.replace('_', ' ')}, so it cannot supply such rows. "
            f"Declare `{field}` in its YAML or name another data source in the spec."
        )
    rows = [_row(task, index, document, chat_template) for index, document in enumerate(_documents(task, split))]
    if not rows:
        declared = getattr(task.config, field)
        raise TaskError(f"task {task.task_name}: its {field.replace('_', ' ')} {declared!r} is empty.")
    return rows


def training_passages(task: Task, split: str = "train") -> Iterator[Passage]:
    """Yield the documents of a task's training (or ``validation``) split, numbered from 1.

    They are rendered without chat template and description, which are the same in every row and state nothing. Facts
    before a question, whose field the task's metadata names in `facts`, are a passage of their own under the row's
    number: they may state what an item asks. Raises `TaskError` for a document that cannot be rendered.
    """
    field = (task.config.metadata or {}).get("facts")
    for number, document in enumerate(_documents(task, split), start=1):
        yield Passage.of(str(number), _question_and_answer(task, document), document)
        if field is not None:
            facts = _facts(task, document, field)
            yield Passage(str(number), facts, facts)


def scored_passages(task: Task) -> Iterator[Passage]:
    """Yield every item of the split that a task is scored on, whatever the limit of an experiment.

    Raises `TaskError` for a document that cannot be rendered.
    """
    for number, document in enumerate(task.eval_docs, start=1):
        identity = str(document.get("id", number))
        yield Passage.of(identity, _question_and_answer(task, document), document, str(task.task_name))


def scored_prompts(task: Task, count: int, *, chat_template: ChatTemplate | None = None) -> list[str]:
    """Return the prompts of the first `count` items that a task is scored on, at zero shots.

    Raises `TaskError` for an item that cannot be rendered.
    """
    found = []
    for number, document in zip(range(1, count + 1), task.eval_docs, strict=False):
        try:
            found.append(_prompt(task, document, chat_template))
        except Exception as error:
            raise _unrendered(task, f"item {number} of what is scored", error) from error
    return found


def is_recall(task: Task) -> bool:
    """Tell whether a task declares the role ``recall``: it asks for trained facts by design and is not compared."""
    return (task.config.metadata or {}).get("role") == "recall"


def _documents(task: Task, split: str) -> Iterable[Mapping[str, Any]]:
    return (task.validation_docs() if split == "validation" else task.training_docs()) or ()


def _row(task: Task, index: int, document: Mapping[str, Any], chat_template: ChatTemplate | None) -> dict[str, str]:
    try:
        return {
            "prompt": _prompt(task, document, chat_template),
            "completion": _completion(task, document, chat_template),
            **labels_in(document),
            **weight_in(document),
        }
    except TaskError:
        raise
    except Exception as error:
        raise _unrendered(task, f"document {index} of the training split", error) from error


def _prompt(task: Task, document: Mapping[str, Any], chat_template: ChatTemplate | None) -> str:
    context = task.fewshot_context(
        document,
        num_fewshot=0,
        apply_chat_template=chat_template is not None,
        chat_template=chat_template,
        gen_prefix=task.doc_to_prefix(document),
    )
    # Where the choices are alternative prompts (`multiple_input`), there is one context for each choice.
    return str(context if isinstance(context, str) else context[task.doc_to_text(document)])


def _completion(task: Task, document: Mapping[str, Any], chat_template: ChatTemplate | None) -> str:
    if task.OUTPUT_TYPE == "loglikelihood_rolling":
        raise TaskError(f"task {task.task_name} scores whole texts; it has no prompt and answer to train on.")
    # lm-eval puts no delimiter before the target of a loglikelihood task, nor after a chat template.
    bare = task.OUTPUT_TYPE == "loglikelihood" or (chat_template is not None and not task.config.gen_prefix)
    return f"{'' if bare else task.config.target_delimiter}{_right_answer(task, document)}"


def _right_answer(task: Task, document: Mapping[str, Any]) -> str:
    first = _first(task.doc_to_target(document))
    if not isinstance(first, int) or task.config.doc_to_choice is None or task.multiple_input:
        return str(first)
    choices = task.doc_to_choice(document)
    if not 0 <= first < len(choices):
        raise TaskError(f"task {task.task_name}: the right answer's index {first} is not among {choices}.")
    return str(choices[first])


def _question_and_answer(task: Task, document: Mapping[str, Any]) -> str:
    try:
        parts = task.doc_to_text(document), _first(task.doc_to_target(document))
        options = task.doc_to_choice(document) if task.config.doc_to_choice is not None else ()
    except Exception as error:
        raise _unrendered(task, f"{dict(document)!s:.80}", error) from error
    # An index points at the options, which are answers or, of some tasks, alternative questions.
    return " ".join(str(options[part]) if isinstance(part, int) and options else str(part) for part in parts)


def _facts(task: Task, document: Mapping[str, Any], field: str) -> str:
    if not isinstance(document.get(field), str):
        raise TaskError(
            f"task {task.task_name}: its metadata says `facts: {field}`, and {dict(document)!s:.80} has no such text. "
            "Name the field that holds the facts before the question, or take `facts` out."
        )
    return str(document[field])


def _first(target: Any) -> Any:
    return target[0] if isinstance(target, list) else target


def _unrendered(task: Task, what: str, error: Exception) -> TaskError:
    """Return the error for a document: templates and functions of the task's author may raise anything."""
    return TaskError(f"task {task.task_name}: {what} cannot be rendered: {type(error).__name__}: {error}")

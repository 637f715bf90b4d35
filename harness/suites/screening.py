"""What the contamination check compares: the documents that a task trains on, and those that it is scored on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lm_eval.api.task import Task

from harness.errors import TaskError
from harness.suites.contamination import Passage


def is_recall(task: Task) -> bool:
    """Tell whether a task is declared as ``recall``: it asks for trained facts by design, and is not screened."""
    return (task.config.metadata or {}).get("role") == "recall"


def trained(task: Task, split: str = "train") -> Iterator[Passage]:
    """Yield the documents of a task's training (or ``validation``) split, numbered from 1.

    They are rendered without chat template and description, which are the same in every row and state nothing.
    """
    documents = task.validation_docs() if split == "validation" else task.training_docs()
    for number, document in enumerate(documents or (), start=1):
        yield Passage.of(str(number), _whole(task, document), document)


def scored(task: Task) -> Iterator[Passage]:
    """Yield every item of the split that a task is scored on, whatever the limit of an experiment."""
    for number, document in enumerate(task.eval_docs, start=1):
        identity = str(document.get("id", number))
        yield Passage.of(identity, _whole(task, document), document, str(task.task_name))


def _whole(task: Task, document: Mapping[str, Any]) -> str:
    """Return the question and its right answer in the task's own words."""
    try:
        asked, right = task.doc_to_text(document), task.doc_to_target(document)
        options = task.doc_to_choice(document) if task.config.doc_to_choice is not None else ()
    except Exception as error:
        # Templates and functions of the task's author run here.
        said = f"{type(error).__name__}: {error}"
        raise TaskError(f"task {task.task_name}: {dict(document)!s:.80} cannot be rendered: {said}") from error
    return f"{_told(asked, options)} {_told(right[0] if isinstance(right, list) else right, options)}"


def _told(part: Any, options: Sequence[Any]) -> str:
    """Return a part of a question as text; an index points at the options (answers, or alternative prompts)."""
    return str(options[part]) if isinstance(part, int) and options else str(part)

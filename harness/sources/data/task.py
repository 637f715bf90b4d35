"""Rows from a task's own training or validation split, rendered as the task is scored."""

from collections.abc import Iterator, Sequence

from lm_eval.api.task import Task

from harness.contamination import Passage
from harness.sources.data._base import DataContext, DataSource, Row
from harness.spec.records import Data
from harness.suites.documents import training_passages, training_rows
from harness.suites.load import load_task


class TaskSource(DataSource):
    """`task` and `split`."""

    def rows(self, declared: Data, context: DataContext) -> Sequence[Row]:
        """Render the split with the task's own templates, and the chat template if there is one."""
        return training_rows(_task(declared, context), chat_template=context.chat_template, split=declared.split)

    def passages(self, declared: Data, context: DataContext) -> Iterator[Passage]:
        """Yield the documents; what a document's own `source` says is its fact."""
        return training_passages(_task(declared, context), declared.split)


def _task(declared: Data, context: DataContext) -> Task:
    return load_task(str(declared.task), beside=context.beside, include=context.include)

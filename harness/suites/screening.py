"""The contamination check on lm-eval tasks: what is trained on against what is tested on."""

from collections.abc import Iterable, Iterator

from lm_eval.api.task import Task

from harness.suites.contamination import Hit, Passage, hits
from harness.suites.lm_tasks import training_rows


def screen(training: Task, suites: Iterable[Task]) -> Iterator[Hit]:
    """Yield every hit of `training`'s training split on an item that one of `suites` is scored on.

    A suite that is declared as ``recall`` in its metadata asks for trained facts by design and is passed over.
    """
    rendered = training_rows(training)
    documents = zip(training.training_docs(), rendered, strict=True)
    rows = (
        Passage.of(str(number), row["prompt"] + row["completion"], document)
        for number, (document, row) in enumerate(documents)
    )
    scored = [suite for suite in suites if (suite.config.metadata or {}).get("role") != "recall"]
    return hits(rows, [item for suite in scored for item in _items(suite)])


def _items(suite: Task) -> Iterator[Passage]:
    for number, document in enumerate(suite.eval_docs):
        target = suite.doc_to_target(document)
        if isinstance(target, int) and suite.config.doc_to_choice is not None:
            target = suite.doc_to_choice(document)[target]
        whole = f"{suite.doc_to_text(document)} {target}"
        yield Passage.of(str(document.get("id", number)), whole, document, str(suite.task_name))

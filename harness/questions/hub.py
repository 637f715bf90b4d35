"""Question sets of the hub in the form of the built ones: one function a set turns its row into a document."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import lxml.html
from datasets import Dataset, load_dataset

from harness import text
from harness.contamination import Passage, hits
from harness.errors import SourceError
from harness.questions import stable

Row = Mapping[str, Any]
Document = dict[str, Any]
ToDocument = Callable[[Row], Document | None]
"""Returns None for a row that makes no fair item."""

ANSWER_LENGTH = range(40, 801)
"""Characters of a forum's answer: shorter ones are remarks, longer ones are walks through several problems."""
QUESTION_LENGTH = 2_000


DRAWN = 20_000
"""Training rows of a published split that are read at most: more than any shipped experiment trains on."""


def tested(source: Mapping[str, str], to_document: ToDocument, *, split: str) -> dict[str, Dataset]:
    """Return one published split as ``test``. Raises `SourceError` where the hub cannot be reached."""
    return {"test": Dataset.from_list(_documents(_rows(source, split), to_document))}


def tested_once(source: Mapping[str, str], to_document: ToDocument, *, split: str) -> dict[str, Dataset]:
    """Return as ``test`` the first document of each question. Raises `SourceError` as `tested` does."""
    first: dict[str, Document] = {}
    for document in _documents(_rows(source, split), to_document):
        first.setdefault(text.normalise(document["question"]), document)
    return {"test": Dataset.from_list(list(first.values()))}


def divided(source: Mapping[str, str], to_document: ToDocument, *, test_share: float) -> dict[str, Dataset]:
    """Divide the published ``train`` split by a hash of each question. Raises `SourceError` as `tested` does."""
    documents = _documents(_rows(source, "train"), to_document)
    parts: dict[str, list[Document]] = {"train": [], "test": []}
    for document in documents:
        held_out = stable.share("split", text.normalise(document["question"])) < test_share
        parts["test" if held_out else "train"].append(document)
    return {name: Dataset.from_list(part) for name, part in parts.items()}


def trained_and_tested(
    source: Mapping[str, str], to_document: ToDocument, *, test: str, train: str = "train"
) -> dict[str, Dataset]:
    """Return a published split to train on, without what gives the items of another away, and that one as ``test``.

    Of a large training split `DRAWN` rows are drawn, by a hash of their numbers: the same on every machine. Raises
    `SourceError` as `tested` does.
    """
    asked = _documents(_rows(source, test), to_document)
    rows = _drawn(_documents(_rows(source, train), to_document))
    telling = {hit.row for hit in hits(map(_passage, rows), list(map(_passage, asked)))}
    kept = [row for row in rows if row["id"] not in telling]
    return {"train": Dataset.from_list(kept), "test": Dataset.from_list(asked)}


def _drawn(documents: list[Document]) -> list[Document]:
    first = set(stable.order((document["id"] for document in documents), "drawn")[:DRAWN])
    return [document for document in documents if document["id"] in first]


def _passage(document: Document) -> Passage:
    return Passage.of(document["id"], str(document["source"]), document)


def medical_o1(row: Row) -> Document:
    """Give the reasoning as `rationale` and the response as the only choice."""
    return {
        "question": row["Question"],
        "rationale": text.squeeze(row["Complex_CoT"]),
        "choices": [text.squeeze(row["Response"])],
        "answer": 0,
    }


def alpaca(row: Row) -> Document | None:
    """Put what an instruction is about below it; one without an answer is left out."""
    answer = text.squeeze(row["output"])
    question = "\n".join(part for part in (row["instruction"].strip(), row["input"].strip()) if part)
    return {"question": question, "choices": [answer], "answer": 0} if answer else None


def medqa(row: Row) -> Document:
    """Take the options in the order of their letters."""
    letters = sorted(row["options"])
    choices = [row["options"][letter] for letter in letters]
    return {"question": row["question"], "choices": choices, "answer": letters.index(row["answer_idx"])}


def medmcqa(row: Row) -> Document:
    """Take the options a to d; `cop` is the right one's index from 0."""
    choices = [row[name] for name in ("opa", "opb", "opc", "opd")]
    return {"question": row["question"], "choices": choices, "answer": row["cop"]}


def pubmedqa(row: Row) -> Document:
    """Put the abstract before the question; the options are yes, no and maybe."""
    choices = ["yes", "no", "maybe"]
    question = " ".join([*row["context"]["contexts"], row["question"]])
    return {"question": question, "choices": choices, "answer": choices.index(row["final_decision"])}


def mmlu(row: Row) -> Document:
    """Keep the row; its subject is its form."""
    return {
        "question": row["question"],
        "choices": list(row["choices"]),
        "answer": row["answer"],
        "form": row["subject"],
    }


def stack_overflow(row: Row) -> Document | None:
    """Take questions and answers that are prose: an answer with a block of code is judged by its code alone."""
    question, answer = plain(row["Question"]), plain(row["Answer"])
    if "<pre" in row["Answer"] or len(answer) not in ANSWER_LENGTH or len(question) > QUESTION_LENGTH:
        return None
    return {"question": question, "choices": [answer], "answer": 0}


def manual(row: Row) -> Document | None:
    """Put the manual's passages before the question; an answer that they do not bear out is left out."""
    if not row["adherence_score"]:
        return None
    passages = [text.squeeze(passage) for passage in row["documents"]]
    return {
        "question": text.squeeze(row["question"]),
        "context": "\n".join(passages),
        "choices": [text.squeeze(row["response"])],
        "answer": 0,
        "cluster": passages[0],
    }


def plain(html: str) -> str:
    """Return the text of a piece of HTML on one line."""
    return text.squeeze(lxml.html.fromstring(f"<div>{html}</div>").text_content())


def _rows(source: Mapping[str, str], split: str) -> Iterable[Row]:
    name, revision = source.get("name"), source["revision"]
    try:
        rows: Iterable[Row] = load_dataset(source["hub"], name, split=split, revision=revision)
    except (OSError, ConnectionError, ValueError, RuntimeError) as error:
        # What an unreachable hub raises depends on where in its client the connection fails.
        raise SourceError(
            f"{source['hub']} is on the hub, which cannot be reached from here ({type(error).__name__}); "
            "run where it can, or leave the suite out with --only."
        ) from error
    return rows


def _documents(rows: Iterable[Row], to_document: ToDocument) -> list[Document]:
    return list(_numbered(rows, to_document))


def _numbered(rows: Iterable[Row], to_document: ToDocument) -> Iterator[Document]:
    for number, row in enumerate(rows):
        document = to_document(row)
        if document is not None:
            yield {"id": str(number), "cluster": str(number), "form": "", **document}

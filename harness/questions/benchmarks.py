"""Rows of common benchmarks as documents that train and are scored: `source` states a row's fact.

What all rows of a set share (its template) is no fact, and what gives an item away is judged by the fact alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from harness import text
from harness.questions import hub
from harness.questions.hub import Document, Row

UNANSWERABLE = "unanswerable"
"""What answers a question that its passage leaves open."""
NOTHING = "none"
"""What answers a sentence without a name of a kind that is asked for."""

KINDS = {"PER": "person", "ORG": "organization", "LOC": "location", "MISC": "other"}
"""CoNLL-2003's kinds of names."""
_TAGS = ("O", *(f"{begins}-{kind}" for kind in ("PER", "ORG", "LOC", "MISC") for begins in "BI"))
"""CoNLL-2003's tags in the order of their numbers."""


def sst2(row: Row) -> Document:
    """Keep the row; its sentence is the fact."""
    return {**_kept(row, "sentence", "label"), "source": row["sentence"]}


def mnli(row: Row) -> Document:
    """Keep the row; premise and hypothesis together are the fact, the premise the cluster."""
    kept = _kept(row, "premise", "hypothesis", "label")
    return {**kept, "source": f"{row['premise']} {row['hypothesis']}", "cluster": row["premise"]}


def boolq(row: Row) -> Document:
    """Keep the row; the passage is the fact, and the cluster: a passage that was trained on tells other answers too."""
    return {**_kept(row, "passage", "question", "label"), "source": row["passage"], "cluster": row["passage"]}


def squad2(row: Row) -> Document:
    """Take all reference answers, the first of which trains; without one the question is unanswerable."""
    answers = list(dict.fromkeys(row["answers"]["text"])) or [UNANSWERABLE]
    return {
        **_kept(row, "title", "context", "question"),
        "answers": answers,
        "source": f"{row['question']} {answers[0]}",
        "cluster": row["context"],
    }


def xsum(row: Row) -> Document | None:
    """Take the article on one line; one without text or summary is left out."""
    article, summary = text.squeeze(row["document"]), text.squeeze(row["summary"])
    if not article or not summary:
        return None
    return {"context": article, "choices": [summary], "answer": 0, "source": summary}


def conll2003(row: Row) -> Document | None:
    """Ask for the names in a sentence, each with its kind; what has no letter in it is left out."""
    sentence = " ".join(row["tokens"])
    if not any(character.isalpha() for character in sentence):
        return None
    names = list(_names(row["tokens"], [_TAGS[tag] for tag in row["ner_tags"]]))
    return {"context": sentence, "answer": "; ".join(names) or NOTHING, "source": sentence}


def mmlu(row: Row) -> Document:
    """Take a question of MMLU with its right option as the fact."""
    return {**hub.mmlu(row), "source": f"{row['question']} {row['choices'][row['answer']]}"}


def case_hold(row: Row) -> Document:
    """Take the citing text as the question and the holdings as options."""
    return {
        "question": text.squeeze(row["context"]),
        "choices": [text.squeeze(each) for each in row["endings"]],
        "answer": row["label"],
        "source": row["context"],
    }


def unfair_tos(row: Row) -> Document:
    """Ask whether a clause is unfair in any of the eight ways that the set knows."""
    return {"context": text.squeeze(row["text"]), "answer": int(bool(row["labels"])), "source": row["text"]}


def flashcards(row: Row) -> Document | None:
    """Take a flashcard's two sides; one with an empty side is left out."""
    question, answer = text.squeeze(row["input"]), text.squeeze(row["output"])
    if not question or not answer:
        return None
    return {"question": question, "choices": [answer], "answer": 0}


def _kept(row: Mapping[str, Any], *names: str) -> Document:
    return {name: row[name] for name in names}


def _names(tokens: Sequence[str], tags: Sequence[str]) -> list[str]:
    """Return the names that BIO tags mark, as ``European Union (organization)``, in their order."""
    found: list[tuple[str, list[str]]] = []
    before = "O"
    for token, tag in zip(tokens, tags, strict=True):
        begins, _, kind = tag.partition("-")
        if kind and (begins == "B" or before.partition("-")[2] != kind):
            found.append((kind, [token]))
        elif kind:
            found[-1][1].append(token)
        before = tag
    return [f"{' '.join(words)} ({KINDS[kind]})" for kind, words in found]

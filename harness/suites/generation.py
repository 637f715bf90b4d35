"""Scores of generated answers: overlap with a reference text, and the answer drawn out of a stepwise rationale."""

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from rouge_score import rouge_scorer

ANSWER = "Answer:"
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def reasoned(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Score a rationale that ends in "Answer: …" against the document's `rationale` and right option.

    `rouge_l`: F-measure of the longest common subsequence of words with the reference rationale. `exact_match`:
    the answer given is the right one but for case, punctuation and articles. `answered`: an answer was given at all.
    """
    steps, given = steps_and_answer(results[0])
    return {
        "rouge_l": rouge_l(steps, doc["rationale"]),
        "exact_match": float(plain(given) == plain(doc["choices"][doc["answer"]])),
        "answered": float(bool(plain(given))),
    }


def steps_and_answer(generated: str) -> tuple[str, str]:
    """Return what stands before "Answer:", and the line behind it; "" where there is none."""
    steps, _, answer = generated.partition(ANSWER)
    return steps, answer.strip().split("\n")[0]


def open_answer(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Score a free answer against the right option by `rouge_l` and `token_f1` (SQuAD's, Rajpurkar et al. 2016)."""
    return _overlaps(results[0], doc["choices"][doc["answer"]])


def free_text(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Score a free answer against the document's `answer` text as `open_answer` does."""
    return _overlaps(results[0], doc["answer"])


def _overlaps(generated: str, right: str) -> dict[str, float]:
    given = generated.strip().split("\n")[0]
    return {"rouge_l": rouge_l(given, right), "token_f1": token_f1(given, right)}


def rouge_l(given: str, reference: str) -> float:
    """Return the ROUGE-L F-measure (Lin 2004) of stemmed words, in [0, 1]."""
    return float(_scorer().score(reference, given)["rougeL"].fmeasure)


def token_f1(given: str, reference: str) -> float:
    """Return the harmonic mean of the precision and recall of `given`'s words, in [0, 1]."""
    mine, theirs = plain(given).split(), plain(reference).split()
    shared = sum((Counter(mine) & Counter(theirs)).values())
    return 2 * shared / (len(mine) + len(theirs)) if shared else 0.0


def plain(text: str) -> str:
    """Return `text` in lower case without punctuation, articles and repeated spaces."""
    bare = text.lower().translate(str.maketrans("", "", string.punctuation))
    return " ".join(_ARTICLES.sub(" ", bare).split())


@cache
def _scorer() -> rouge_scorer.RougeScorer:
    return rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)

"""Per-item scores, as lm-eval's `process_results` takes them: a document and its answers in, a dict of scores out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

LogLikelihood = tuple[float, bool]
"""Natural logarithm of an option's probability given the question, and whether it is the greedy continuation."""


def choice(doc: Mapping[str, Any], results: Sequence[LogLikelihood]) -> dict[str, float]:
    """Score a multiple-choice document whose `choices` and `answer` index stand in it.

    `acc`: the right option is the most likely. `acc_norm`: so per character. `answer_bits_per_byte`:
    −log2 p(right option | question) by its length in UTF-8 bytes, without the delimiter; lower is better.
    """
    options, right = doc["choices"], doc["answer"]
    likelihoods = [result[0] for result in results]
    by_length = [likelihood / len(option) for likelihood, option in zip(likelihoods, options, strict=True)]
    return {
        "acc": float(_first_best(likelihoods) == right),
        "acc_norm": float(_first_best(by_length) == right),
        "answer_bits_per_byte": bits_per_byte(likelihoods[right], options[right]),
    }


def reference(doc: Mapping[str, Any], results: Sequence[LogLikelihood]) -> dict[str, float]:
    """Score how well the only option, a reference answer, is predicted, as `choice` does; lower is better."""
    return {"answer_bits_per_byte": bits_per_byte(results[0][0], doc["choices"][doc["answer"]])}


def bits_per_byte(likelihood: float, text: str) -> float:
    """Return how many bits the model needs for each UTF-8 byte of `text`."""
    return -likelihood / math.log(2) / len(text.encode())


def _first_best(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def rationale(doc: Mapping[str, Any], results: Sequence[LogLikelihood]) -> dict[str, float]:
    """Score how well the reference rationale, the document's `rationale`, is predicted; lower is better."""
    return {"rationale_bits_per_byte": bits_per_byte(results[0][0], doc["rationale"])}


def passage(doc: Mapping[str, Any], results: Sequence[float]) -> dict[str, float]:
    """Score a whole text, the document's `text`, by bits per UTF-8 byte; lower is better."""
    return {"bits_per_byte": bits_per_byte(results[0], doc["text"])}

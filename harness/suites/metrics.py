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
    `answer_margin`: see `margin`; a document with a single option has none.
    """
    options, right = doc["choices"], doc["answer"]
    likelihoods = [result[0] for result in results]
    by_length = [likelihood / len(option) for likelihood, option in zip(likelihoods, options, strict=True)]
    scores = {
        "acc": float(_first_best(likelihoods) == right),
        "acc_norm": float(_first_best(by_length) == right),
        "answer_bits_per_byte": bits_per_byte(likelihoods[right], options[right]),
    }
    return scores if len(options) == 1 else {**scores, "answer_margin": margin(likelihoods, options, right)}


def margin(likelihoods: Sequence[float], options: Sequence[str], right: int) -> float:
    """Return how many bits a UTF-8 byte the right option is likelier than the wrong ones are on average.

    `likelihoods` are natural logarithms, one an option, of which there are two or more. 0: right and wrong options are
    equally likely. What makes all options likelier by the same bits a byte (the prompt's form, the style of answers)
    changes nothing.
    """
    bits = [bits_per_byte(likelihood, option) for likelihood, option in zip(likelihoods, options, strict=True)]
    of_the_right = bits.pop(right)
    return math.fsum(bits) / len(bits) - of_the_right  # fsum: the order of the wrong options changes no digit


def reference(doc: Mapping[str, Any], results: Sequence[LogLikelihood]) -> dict[str, float]:
    """Score how well a reference answer is predicted from its question, and what of that the question tells.

    `results` are the answer's likelihoods after the whole prompt and after the same prompt without its question.
    `answer_bits_per_byte` is as in `choice`, lower is better; `answer_information`: see `information`.
    """
    answer = doc["choices"][doc["answer"]]
    return {
        "answer_bits_per_byte": bits_per_byte(results[0][0], answer),
        "answer_information": information(results, answer),
    }


def information(results: Sequence[LogLikelihood], answer: str) -> float:
    """Return how many bits a UTF-8 byte the question makes an answer likelier: the pointwise mutual information.

    ``(log2 p(answer | question) − log2 p(answer | the same prompt without its question)) / bytes``; higher is better.
    0: the question tells the model nothing about the answer. The habit of answering in a certain style is in both terms
    and cancels (Holtzman et al. 2021, surface form competition).
    """
    asked, unasked = (bits_per_byte(likelihood, answer) for likelihood, _ in results)
    return unasked - asked


def bits_per_byte(likelihood: float, text: str) -> float:
    """Return how many bits the model needs for each UTF-8 byte of `text`."""
    return -likelihood / math.log(2) / len(text.encode())


def _first_best(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def rationale(doc: Mapping[str, Any], results: Sequence[LogLikelihood]) -> dict[str, float]:
    """Score the reference rationale, the document's `rationale`, as `reference` scores an answer."""
    return {
        "rationale_bits_per_byte": bits_per_byte(results[0][0], doc["rationale"]),
        "answer_information": information(results, doc["rationale"]),
    }


def passage(doc: Mapping[str, Any], results: Sequence[float]) -> dict[str, float]:
    """Score a whole text, the document's `text`, by bits per UTF-8 byte; lower is better."""
    return {"bits_per_byte": bits_per_byte(results[0], doc["text"])}

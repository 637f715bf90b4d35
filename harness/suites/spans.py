"""Scores of short answers in writing: one of several references, and a list of names with their kinds."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from harness.suites.generation import plain, token_f1

_NAME = re.compile(r"^(.*)\(([^()]*)\)\s*$")


def answers(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Score an answer against the best of the document's `answers`, as SQuAD does (Rajpurkar et al. 2018).

    `exact_match`: it is one of them but for case, punctuation and articles. `token_f1`: of the words that both have.
    """
    given = _first_line(results[0])
    return {
        "token_f1": max(token_f1(given, right) for right in doc["answers"]),
        "exact_match": float(any(plain(given) == plain(right) for right in doc["answers"])),
    }


def names(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Score a list ``name (kind); name (kind)`` against the document's `answer`, ``none`` where there is no name.

    `name_f1`: the harmonic mean of precision and recall of names, each right with its kind alone; 1 where there are
    none and none is given. It is a sentence's: the F1 of CoNLL-2003's own scorer is over all sentences together.
    """
    given, right = _names(_first_line(results[0])), _names(doc["answer"])
    shared = sum((given & right).values())
    whole = sum(given.values()) + sum(right.values())
    return {"name_f1": 2 * shared / whole if whole else 1.0, "exact_match": float(given == right)}


def _names(listed: str) -> Counter[tuple[str, str]]:
    """Return how often each name stands there with its kind, what is in no such form being a name without one."""
    if plain(listed) in ("", "none"):
        return Counter()
    parts = (part.strip() for part in listed.split(";"))
    return Counter(_name(part) for part in parts if part)


def _name(part: str) -> tuple[str, str]:
    found = _NAME.match(part)
    words, kind = (found[1], found[2]) if found else (part, "")
    return " ".join(words.split()).casefold(), plain(kind)


def _first_line(generated: str) -> str:
    return generated.strip().partition("\n")[0]

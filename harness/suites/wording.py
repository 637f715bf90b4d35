"""Words, sentences and likeness of documentation text."""

import re
from functools import lru_cache

from harness.text import ngrams

_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!Ex\.)(?<!etc\.)\s+(?=[A-Z\"'`<\[(])")
_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_STEM = 5
_APPLIES = re.compile(
    r"(?:This (?:attribute|element|field|member|parameter|property|value) "
    r"(?:is (?:only|not|to be used)|isn.t|only|applies only)|(?:Only|Not) used )"
)


def words(name: str) -> list[str]:
    """Return the lower-case words inside camelCase, snake_case and KEBAB-CASE names or inside a sentence."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=65536)
def stems(text: str) -> frozenset[str]:
    """Return the words of `text` cut to their first five letters."""
    return frozenset(word[:_STEM] for word in words(text))


def overlap(part: str, whole: str) -> float:
    """Return the share of the stems of `part` that occur in `whole`: the shallowest cue there is."""
    mine = stems(part)
    return len(mine & stems(whole)) / len(mine) if mine else 0.0


def alike(one: str, other: str, size: int = 3) -> bool:
    """Tell whether two descriptions share so many runs of words that either could stand for the other."""
    mine, theirs = ngrams(one, size), ngrams(other, size)
    return len(mine & theirs) >= min(3, len(mine), len(theirs))


def opening(text: str, *, at_least: int, at_most: int) -> str | None:
    """Return the fewest whole leading sentences of `at_least` characters, brackets closed; None over `at_most`."""
    out = ""
    for sentence in sentences(text):
        out = f"{out} {sentence}".strip()
        if len(out) >= at_least and out.count("(") == out.count(")"):
            break
    return out if at_least <= len(out) <= at_most else None


def sentences(text: str) -> list[str]:
    """Split at sentence ends; abbreviations such as ``e.g.`` end none."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def says_what_it_is(text: str) -> bool:
    """Tell whether a description begins with what a thing is, not with when it applies ("Only used for …")."""
    return not _APPLIES.match(text)

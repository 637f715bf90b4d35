"""The wording of names and descriptions: their words, how alike they are, and what of one gives the other away."""

import re
from functools import lru_cache

from harness.text import ngrams, normalise

_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!Ex\.)(?<!etc\.)\s+(?=[A-Z\"'`<\[(])")
_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_STEM = 5
_APPLIES = re.compile(
    r"(?:This (?:attribute|element|field|member|parameter|property|value) "
    r"(?:is (?:only|not|to be used)|isn.t|only|applies only)|(?:Only|Not) used )"
)
HOLE = "[...]"
_MAX_HOLES = 2
_MIN_WORDS = 5
_MIN_WORDS_AROUND_A_HOLE = 8
"""A short sentence with a hole in it ("The [...] of the resource.") describes half the fields of an object."""
_VERBS = (
    "is|are|specifies|indicates|contains|defines|describes|represents|holds|lists|determines|controls|tells|denotes|"
    "refers to|sets|provides|identifies|states|gives|stores|names|must be|should be|can be used to|will be"
)
_LEADS = (
    re.compile(rf"^(?:The |A |An )?{re.escape(HOLE)} (?:{_VERBS}) (?!that |true |false |set )(?=\w)", re.IGNORECASE),
    re.compile(r"^(?:Is|Are) (?=\w)"),
    re.compile(r"^Required\. "),
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


def hide_name(description: str, name: str) -> str | None:
    """Return `description` with `name` hidden; None where it still spells the name out or little is left.

    "replicas is the number of pods" becomes "The number of pods"; a name inside a sentence becomes a hole.
    """
    hidden = _without(name, description)
    fewest = _MIN_WORDS_AROUND_A_HOLE if HOLE in hidden else _MIN_WORDS
    if hidden.count(HOLE) > _MAX_HOLES or _count(hidden) < fewest:
        return None
    return None if stems(name) <= stems(hidden) else hidden


def drop_name(description: str, name: str) -> str | None:
    """Return `description` without the name in front; None where the name stands elsewhere or little is left.

    Words of a compound name may remain: they are a cue that wrong options must then share.
    """
    hidden = _without(name, description)
    return None if HOLE in hidden or _count(hidden) < _MIN_WORDS else hidden


def _count(hidden: str) -> int:
    return len(normalise(hidden).split())


def _without(name: str, description: str) -> str:
    hidden = _spellings(name).sub(HOLE, description)
    for lead in _LEADS:
        hidden = lead.sub("", hidden)
    return hidden[:1].upper() + hidden[1:]


@lru_cache(maxsize=65536)
def _spellings(name: str) -> re.Pattern[str]:
    spelt = r"[\s_\-]*".join(map(re.escape, words(name))) or re.escape(name)
    return re.compile(rf"(?<![A-Za-z0-9])`*(?:{spelt})(?:s|es)?`*(?![A-Za-z0-9])", re.IGNORECASE)

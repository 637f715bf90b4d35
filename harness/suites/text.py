"""Words, sentences and n-grams of documentation text."""

import re
import unicodedata
from functools import lru_cache

_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!Ex\.)(?<!etc\.)\s+(?=[A-Z\"'`<\[(])")
_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_STEM = 5
_ACCENTS = re.compile("[\u0300-\u036f]")
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Thai, Lao, kana and ideographs are written without spaces: each sign counts as a word."""
_ANY_WORD = re.compile(f"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\\W_])+")
_APPLIES = re.compile(
    r"(?:This (?:attribute|element|field|member|parameter|property|value) "
    r"(?:is (?:only|not|to be used)|isn.t|only|applies only)|(?:Only|Not) used )"
)


def normalise(text: str) -> str:
    """Return lower-case words and digits with one space between: what two texts share whatever their marks.

    Accents, ligatures, wide letters and invisible signs make no difference; letters of every script count.
    """
    if text.isascii():
        return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
    apart = unicodedata.normalize("NFKD", "".join(sign for sign in text if unicodedata.category(sign) != "Cf"))
    bare = unicodedata.normalize("NFC", _ACCENTS.sub("", apart.casefold()))
    return " ".join(_ANY_WORD.findall(bare))


def squeeze(text: str) -> str:
    """Return `text` with every run of white space made one space."""
    return re.sub(r"\s+", " ", text).strip()


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


@lru_cache(maxsize=65536)
def grams(text: str, size: int) -> frozenset[str]:
    """Return the runs of `size` words of the normalised text; a shorter text is one run."""
    tokens = normalise(text).split()
    return frozenset(" ".join(tokens[at : at + size]) for at in range(max(1, len(tokens) - size + 1)))


def sentences(text: str) -> list[str]:
    """Split at sentence ends; abbreviations such as ``e.g.`` end none."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def opening(text: str, *, at_least: int, at_most: int) -> str | None:
    """Return the fewest whole leading sentences of `at_least` characters, brackets closed; None over `at_most`."""
    out = ""
    for sentence in sentences(text):
        out = f"{out} {sentence}".strip()
        if len(out) >= at_least and out.count("(") == out.count(")"):
            break
    return out if at_least <= len(out) <= at_most else None


def tells_what(text: str) -> bool:
    """Tell whether a description begins with what a thing is, not with when it applies ("Only used for …")."""
    return not _APPLIES.match(text)


def contains(text: str, phrase: str) -> bool:
    """Tell whether the words of `phrase` occur in `text` in a row, whatever their case and marks."""
    sought = normalise(phrase)
    return bool(sought) and f" {sought} " in f" {normalise(text)} "


def alike(one: str, other: str, size: int = 3) -> bool:
    """Tell whether two descriptions share so many runs of words that either could stand for the other."""
    mine, theirs = grams(one, size), grams(other, size)
    return len(mine & theirs) >= min(3, len(mine), len(theirs))

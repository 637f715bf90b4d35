"""Words, runs of words and phrases of any text, compared without case, accents and punctuation."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_ACCENTS = re.compile("[\u0300-\u036f]")
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Thai, Lao, kana and ideographs are written without spaces: each character counts as a word."""
_ANY_WORD = re.compile(f"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\\W_])+")


def normalise(text: str) -> str:
    """Return lower-case words and digits with one space between: what two texts share whatever their punctuation.

    Accents, ligatures, full-width letters and invisible characters make no difference; letters of every script count.
    """
    if text.isascii():
        return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    decomposed = unicodedata.normalize("NFKD", visible)
    bare = unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed.casefold()))
    return " ".join(_ANY_WORD.findall(bare))


_STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that steer a terminal or change the order of what stands on a line, and halves of characters."""


def visible(text: str) -> str:
    r"""Return `text` with every character that would steer a terminal written out, as ``\u001b``.

    Lines and tabs stay. Within a string of JSON this is that character's own escape, so that JSON says the same.
    """
    return _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def squeeze(text: str) -> str:
    """Return `text` with every run of white space made one space, and none around it."""
    return re.sub(r"\s+", " ", text).strip()


def several(words: Sequence[str], most: int, between: str = ", ") -> str:
    """Return the first words, ``a, b and 4 more`` where there are more than `most`."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return between.join(words[:most]) + more


def listed(lines: Sequence[str], most: int) -> str:
    """Return the first lines, each indented, and ``and 4 more`` below them where there are more than `most`."""
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join(f"  {each}" for each in (*lines[:most], *more))


def contains(text: str, phrase: str) -> bool:
    """Tell whether the words of `phrase` occur in `text` in a row, whatever their case and punctuation."""
    sought = normalise(phrase)
    return bool(sought) and f" {sought} " in f" {normalise(text)} "


@lru_cache(maxsize=65536)
def ngrams(text: str, size: int) -> frozenset[str]:
    """Return the runs of `size` words of the normalised text; a shorter text is one run, an empty one too."""
    return frozenset(runs(normalise(text).split(), size) or {""})


def runs(words: Sequence[str], size: int) -> set[str]:
    """Return the runs of `size` words, each joined by spaces; a shorter text is one run, an empty one none."""
    if len(words) <= size:
        return {" ".join(words)} if words else set()
    return set(map(" ".join, zip(*(words[at:] for at in range(size)), strict=False)))

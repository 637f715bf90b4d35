"""The nearest known word to a misspelt one."""

import difflib
from collections.abc import Iterable

from harness.text import several

_SHOWN = 12


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean `x`?``, else what is known (the first dozen), as a remedy."""
    words = sorted(set(known))
    close = resembling(word, words)
    if close is not None:
        return f"Did you mean `{close}`?"
    if not words:
        return "None is known."
    return f"Known: {several(words, _SHOWN)}."


def resembling(word: str, known: Iterable[str], *, least: float = 0.6) -> str | None:
    """Return the known word that a misspelt one may stand for; `least` is how much of the two must match, up to 1."""
    return next(iter(difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=least)), None)

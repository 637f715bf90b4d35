"""The nearest known word to a misspelt one."""

import difflib
from collections.abc import Iterable

_SHOWN = 12


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean `x`?``, else what is known (the first dozen), as a remedy."""
    words = sorted(set(known))
    close = resembling(word, words)
    if close is not None:
        return f"Did you mean `{close}`?"
    if not words:
        return "None is known."
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return f"Known: {', '.join(words[:_SHOWN])}{more}."


def resembling(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a misspelt one may stand for."""
    return next(iter(difflib.get_close_matches(word, sorted(set(known)), n=1)), None)

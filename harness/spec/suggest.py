"""The nearest known word to a misspelt one."""

import difflib
from collections.abc import Iterable

_SHOWN = 12


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean `x`?``, else what is known (the first dozen), as a remedy."""
    words = sorted(set(known))
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    if not words:
        return "None is known."
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return f"Known: {', '.join(words[:_SHOWN])}{more}."

"""Default values that a description states."""

import re

_STATED = re.compile(
    r"(?<!will )(?<!not )(?<!would )\b[Dd]efaults? (?:to|is|value is)(?: a value of)? [\"'`]?"
    r"(?P<value>-?\d+%?|[A-Z][A-Za-z]+|/[\w./-]+|[a-z]+\.[a-z.]+)"
    r"[\"'`]?(?: seconds?)?(?=[.,;)]| \(|$)"
)
_ARTICLES = frozenset({"The", "This", "If", "A", "An", "Note", "True", "False"})


def stated(description: str) -> str | None:
    """Return the one default that `description` states in a word; None where it states none or several."""
    found = {match["value"].rstrip(".") for match in _STATED.finditer(description)} - _ARTICLES
    return found.pop() if len(found) == 1 else None

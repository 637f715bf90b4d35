"""Hide a name in its own description, or find that the description gives it away."""

import re

from harness import text
from harness.suites import wording

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


def mask(description: str, name: str) -> str | None:
    """Return `description` with `name` hidden; None where it still spells the name out or little is left.

    "replicas is the number of pods" becomes "The number of pods"; a name inside a sentence becomes a hole.
    """
    hidden = _hidden(description, name)
    if hidden.count(HOLE) > _MAX_HOLES or _words(hidden) < (_MIN_WORDS_AROUND_A_HOLE if HOLE in hidden else _MIN_WORDS):
        return None
    return None if wording.stems(name) <= wording.stems(hidden) else hidden


def told(description: str, name: str) -> str | None:
    """Return `description` without the name in front; None where the name stands elsewhere or little is left.

    Words of a compound name may remain: they are a cue that wrong options must then share.
    """
    hidden = _hidden(description, name)
    return None if HOLE in hidden or _words(hidden) < _MIN_WORDS else hidden


def _words(hidden: str) -> int:
    return len(text.normalise(hidden).split())


def _hidden(description: str, name: str) -> str:
    hidden = _named(name).sub(HOLE, description)
    for lead in _LEADS:
        hidden = lead.sub("", hidden)
    return hidden[:1].upper() + hidden[1:]


def _named(name: str) -> re.Pattern[str]:
    spelt = r"[\s_\-]*".join(map(re.escape, wording.words(name))) or re.escape(name)
    return re.compile(rf"(?<![A-Za-z0-9])`*(?:{spelt})(?:s|es)?`*(?![A-Za-z0-9])", re.IGNORECASE)

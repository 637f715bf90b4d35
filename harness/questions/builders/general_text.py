"""Plain general English: short statements about anything, to see what a model forgets of ordinary language."""

from pathlib import Path

from harness import text
from harness.questions import splitting, stable
from harness.questions.items import Prose

MEMBERS = ("randfacts/safe.txt",)
_LENGTH = (100, 300)
"""In characters: shorter texts have too few bytes for a steady score."""


def build(folder: Path) -> dict[str, list[Prose]]:
    """Return ``test`` alone: each line a document of its own, near copies and text in capitals left out."""
    lines = dict.fromkeys(map(text.squeeze, (folder / MEMBERS[0]).read_text("utf-8").splitlines()))
    fit = [line for line in lines if _LENGTH[0] <= len(line) <= _LENGTH[1] and _is_plain(line)]
    prose = [Prose(id=name, cluster=name, text=line) for line in fit for name in [f"{stable.number(line):016x}"]]
    return {
        "test": sorted(splitting.without_copies(prose), key=lambda each: (stable.number("arranged", each.id), each.id))
    }


def _is_plain(line: str) -> bool:
    """Tell whether a line is ASCII prose and not a title ("Every Word Begins Large")."""
    words = [word for word in line.split() if word.isalpha()]
    return line.isascii() and sum(word[0].isupper() for word in words) <= len(words) / 2

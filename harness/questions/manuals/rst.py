"""What reading a manual takes of reStructuredText: first paragraphs and definition lists."""

import re
from collections.abc import Iterator

from harness import text

_RULE = re.compile(r"^[-=~^*]{3,}$")
_TERM = re.compile(r"^(?P<indent> *)``(?P<name>[A-Za-z_][\w-]*)(?: [^`]*)?``$")
_ROLES = (
    (re.compile(r":[\w:+.-]+:`([^`<]*?)\s*<[^`>]*>`"), r"\1"),
    (re.compile(r":[\w:+.-]+:`([^`]*)`"), r"\1"),
    (re.compile(r"`([^`<]+?)\s*<[^`>]+>`_+"), r"\1"),
    (re.compile(r"`{1,2}([^`]*)`{1,2}_?"), r"\1"),
    (re.compile(r"\*\*?([^*]+)\*\*?"), r"\1"),
    (re.compile(r"\\(.)"), r"\1"),
)


def plain(marked: str) -> str:
    """Return the text without roles, links and emphasis, on one line."""
    for pattern, replacement in _ROLES:
        marked = pattern.sub(replacement, marked)
    return text.squeeze(marked)


def body(page: str) -> str:
    """Return what follows the page's title."""
    lines = page.split("\n")
    under = next((at for at, line in enumerate(lines) if _RULE.match(line)), -1)
    return "\n".join(lines[under + 1 :])


def first_paragraph(block: str) -> str | None:
    """Return the first paragraph of prose, plain; directives, lists, tables and headings are passed over."""
    for paragraph in block.split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        head = lines[0]
        if head.strip() and not head.startswith(("..", " ", "*", "-", "|", "::", "+")) and not _RULE.match(lines[-1]):
            return plain(paragraph)
    return None


def definitions(page: str, *, outer: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (name, first paragraph) of every definition-list entry whose term is one literal name.

    With `outer`, entries of lists inside something else are passed over.
    """
    lines = page.split("\n")
    for at, line in enumerate(lines):
        found = _TERM.match(line)
        paragraph = first_paragraph(_indented(lines[at + 1 :], len(found["indent"]))) if found else None
        if found and paragraph and not (outer and found["indent"]):
            yield found["name"], paragraph


def _indented(lines: list[str], indent: int) -> str:
    """Return the leading lines deeper than `indent`, moved to the margin."""
    inside = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        inside.append(line)
    margin = min((len(line) - len(line.lstrip()) for line in inside if line.strip()), default=0)
    return "\n".join(line[margin:] for line in inside)

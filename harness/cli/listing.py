"""Lists with an entry of a few folded lines for each thing: names of any length fit a terminal of any width."""

import shutil
import textwrap

_NARROWEST, _WIDEST, _PIPED = 60, 120, 100
_INDENT = "    "


def entry(name: str, facts: str, *lines: str) -> str:
    """Return ``name  facts`` and the lines below it, indented; empty lines are left out."""
    width = min(max(shutil.get_terminal_size((_PIPED, 24)).columns, _NARROWEST), _WIDEST)
    head = textwrap.fill(f"{name}  {facts}".rstrip(), width, subsequent_indent=_INDENT, break_on_hyphens=False)
    below = (
        textwrap.fill(line, width, initial_indent=_INDENT, subsequent_indent=_INDENT, break_on_hyphens=False)
        for line in lines
        if line
    )
    return "\n".join([head, *below])

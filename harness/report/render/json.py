"""JSON of a document: its blocks by their types, every figure beside how it is written."""

import json
from dataclasses import fields
from typing import Any

from harness.report.document import Block, Document, Duration, Interval, Number, PValue
from harness.report.render._base import Renderer

FORMAT = 1
"""Version of the JSON; it changes when a key changes its meaning."""


class JsonRenderer(Renderer):
    """Renders for programs: a block is an object with its `type`, a figure has its value and, as `text`, its writing.

    A value that is no number, or none that JSON has, is null.
    """

    def render(self, document: Document) -> str:
        """Return one JSON object."""
        content = {"format": FORMAT, "title": document.title, "blocks": [*map(_plain, document.blocks)]}
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple | list):
        return [*map(_plain, value)]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return _tagged(value)


def _tagged(value: Block | Any) -> dict[str, Any]:
    """Return a record of a document as an object: its type's name, its fields, and a figure as it is written."""
    content = {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    written: dict[str, Any] = {}
    if isinstance(value, Number | PValue | Duration):
        written = {"text": str(value)}
    elif isinstance(value, Interval):
        written = {"text": " ".join(value.lines)}
    return {"type": type(value).__name__.lower(), **content, **written}

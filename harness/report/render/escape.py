"""Text that a browser shows as it is."""

from html import escape as escape_html

from harness.text import visible


def escape(text: str) -> str:
    """Return text as HTML, with what would steer a terminal or turn the order of a line written out."""
    return escape_html(visible(text))

"""Text that a browser shows as it is, and the script that it may run beside it."""

import hashlib
from base64 import b64encode
from html import escape as escape_html

from harness.text import visible


def escape(text: str) -> str:
    """Return text as HTML, with what would steer a terminal or turn the order of a line written out."""
    return escape_html(visible(text))


def source_of(script: str) -> str:
    """Return what a page's Content-Security-Policy calls this script, so that no other runs."""
    return f"sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}"

"""What is printed: foreign text in it must not steer the terminal.

Titles, licences, names and messages come from files of strangers. One stream stands before standard output and one
before standard error, so that no verb has to think of it; only rich's bars, which do steer, go around them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from harness.text import visible


class _Cleaned:
    """A text stream on which characters that steer a terminal are written out; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self.uncleaned = stream

    def write(self, text: str) -> int:
        # Bars of libraries begin with a carriage return; where one stands at the start it can hide nothing of ours.
        start = "\r" if text.startswith("\r") else ""
        self.uncleaned.write(start + _encodable(visible(text.removeprefix("\r")), self.uncleaned))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.uncleaned, name)


def _encodable(text: str, stream: TextIO) -> str:
    """Return a text that the stream's encoding has, with escapes for the rest."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:
        return text
    return text


@contextmanager
def cleaned() -> Iterator[None]:
    """Write nothing that steers the terminal to standard output and error while the block runs."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", _Cleaned(uncleaned(each))) for each in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def uncleaned(stream: TextIO) -> TextIO:
    """Return the stream behind a cleaned one, for what steers on purpose; another is returned as it is."""
    return stream.uncleaned if isinstance(stream, _Cleaned) else stream

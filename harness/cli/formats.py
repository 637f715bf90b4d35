"""How a verb prints a document: as text, Markdown, JSON, or a page."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.report.document import Document

FORMATS = ("text", "markdown", "json", "html")


def add_format_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="how it is printed (text); html: the page")


def rendered(document: "Document", form: str) -> str:
    """Return a document in one of `FORMATS`."""
    if form == "html":
        from harness.report.files import render_page

        return render_page(document)
    if form == "json":
        from harness.report.render.json import JsonRenderer

        return JsonRenderer().render(document)
    if form == "markdown":
        from harness.report.render.markdown import MarkdownRenderer

        return MarkdownRenderer().render(document)
    from harness.report.render.text import TextRenderer

    return TextRenderer().render(document)

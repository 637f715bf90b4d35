"""``harness compare --summary``: what fits a pull request, as Markdown in a file."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.report.document import Document
    from harness.verdict import Verdicts
    from harness.verdict.decision import Decision
    from harness.verdict.one_run import OneRun
    from harness.verdict.ruling import Ruling

_GATE = "What the gate says"


def write_summary(
    file: Path,
    verdicts: "Verdicts",
    decision: "Decision | None",
    ruling: "Ruling | None",
    *,
    page: Path | None,
) -> None:
    """Write verdicts, what to use, and a gate's ruling, where there was one; `page` is named as where the rest is.

    Without a `decision` costs are not known. Raises `StorageError` where the file cannot be written.
    """
    from harness.report.pages import pull_request_document
    from harness.verdict.decision import decide

    chosen = decision or decide(verdicts.recommendation, None)
    title = _GATE if ruling else f"{', '.join(verdicts.candidates)} against {verdicts.reference}"
    _write(file, pull_request_document(verdicts, chosen, title, None if page is None else page.name, ruling))


def write_one_run(file: Path, found: "OneRun") -> None:
    """Write what a gate says of one run. Raises `StorageError` where the file cannot be written."""
    from harness.report.pages import one_run_document

    _write(file, one_run_document(found, _GATE))


def _write(file: Path, document: "Document") -> None:
    from harness.report.files import write_report
    from harness.report.render.markdown import MarkdownRenderer

    write_report(file, f"{MarkdownRenderer().render(document)}\n")

"""The files that people read: ``report.html``, the page of a run, and ``report.md``, which fits a pull request."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from harness.compare.cell_scores import cell_scores
from harness.declarations.licences import licences
from harness.errors import HarnessError
from harness.extras import install_command
from harness.ledger import RunFolder
from harness.ledger.artefacts import CARD
from harness.ledger.files import write_bytes, write_text
from harness.ledger.lock import LOCK
from harness.ledger.run import OUTCOME, STATE
from harness.records import CellResult
from harness.report.card import cell_card, trained_tasks
from harness.report.document import Block, Document, Figure, Prose, Section
from harness.report.pages import page_without_verdict, pull_request_document
from harness.report.render.html import Draw, HtmlRenderer
from harness.report.render.markdown import MarkdownRenderer
from harness.report.sections.marks import marks
from harness.report.sections.reproduce import reproduce
from harness.storage import writing
from harness.verdict.decision import Decision
from harness.verdict.records import Verdicts

PAGE = "report.html"
SUMMARY = "report.md"
FORMAT = 1
"""Version of the page: one of another version is written anew."""
_HEAD = 4096
"""As many characters from its beginning say what a page was made of."""


def drawing() -> Draw | None:
    """Return what draws figures, None where the extra `report` is not installed."""
    if not _draws():
        return None
    from harness.report.render.pictures import draw  # heavy, and needed by a page alone

    return draw


def _draws() -> bool:
    return find_spec("altair") is not None and find_spec("vl_convert") is not None


def render_page(document: Document, made_of: str = "") -> str:
    """Return a document as a page, with pictures where they can be drawn and a word on what brings them elsewhere."""
    draw = drawing()
    return HtmlRenderer(draw, made_of=made_of).render(document if draw else _without_pictures(document))


def _without_pictures(document: Document) -> Document:
    """Return a document that says what would bring its pictures, if it has any."""
    lead = [each for each in document.blocks if not isinstance(each, Section)]
    sections = [each for each in document.blocks if isinstance(each, Section)]
    if not any(isinstance(block, Figure) for section in sections for block in section.blocks):
        return document
    said = Prose(f"Its pictures are tables here: `{install_command('report')}` brings them, and harness report RUN.")
    return replace(document, blocks=(*lead, said, *sections))


def write_page(
    run: RunFolder,
    verdicts: Verdicts | None,
    decision: Decision | None,
    document: Callable[[], Document],
    *,
    anew: bool,
) -> bool:
    """Write the page of a run and what fits a pull request; where the results are as they were, only if `anew`.

    Tell whether they were written. Without verdicts and decision a search is all. `document` is asked for only where it
    is needed. Raises `StorageError` where a file cannot be written.
    """
    made_of = _digest(run, verdicts)
    if not anew and _is_made_of(run.folder / PAGE, made_of):
        return False
    files = {PAGE: render_page(document(), made_of)}
    if verdicts is not None and decision is not None:
        summary = pull_request_document(verdicts, decision, run.experiment.name, PAGE)
        files[SUMMARY] = f"{MarkdownRenderer().render(summary)}\n"
    for name, text in files.items():
        write_report(run.folder / name, text)
    return True


def write_cards(run: RunFolder, verdicts: Verdicts | None) -> None:
    """Write the card of every adapter that is kept, beside it; none over a file that a cell's record holds.

    Raises `StorageError` where a file cannot be written.
    """
    for result, text in cards(run, verdicts):
        if f"{STATE}/{CARD}" not in result.files:  # an earlier version kept PEFT's own, with its checksum
            write_report(run.cell_folder(result.cell) / STATE / CARD, text)


def cards(run: RunFolder, verdicts: Verdicts | None, licence: str | None = None) -> Iterator[tuple[CellResult, str]]:
    """Yield each cell whose adapter is kept, with its card."""
    kept = [each for each in run.outcomes if isinstance(each, CellResult) and _has_adapter(run, each)]
    if not kept:
        return
    experiment = run.experiment
    declared = {each.id for each in experiment.recipes}
    known = licences(trained_tasks(experiment), beside=experiment.file.parent, include=experiment.include)
    scores = cell_scores(run)
    for each in kept:
        if each.cell.recipe in declared:
            yield each, cell_card(run, each, scores[each.cell.id], verdicts, licences=known, licence=licence)


def card_of(run: RunFolder, result: CellResult, loading: str) -> str:
    """Return the card of one cell's model, with how it is `loading` as its last section; nothing is judged for it."""
    experiment = run.experiment
    known = licences(trained_tasks(experiment), beside=experiment.file.parent, include=experiment.include)
    return cell_card(run, result, cell_scores(run)[result.cell.id], None, licences=known, loading=loading)


def _has_adapter(run: RunFolder, result: CellResult) -> bool:
    return result.train_info is not None and (run.cell_folder(result.cell) / STATE).is_dir()


def write_report(path: Path, content: str | bytes) -> None:
    """Write a file that people read. Raises `StorageError` where it cannot be written."""
    with writing(path, "Make room or choose another place; nothing else is lost."):
        if isinstance(content, bytes):
            write_bytes(path, content)
        else:
            write_text(path, content)


@contextlib.contextmanager
def told_on_page(folder: Path) -> Iterator[None]:
    """Leave a page that says so where a run in `folder` cannot be judged or read; the error goes on."""
    try:
        yield
    except HarnessError as error:
        if (folder / LOCK).is_file():
            run = RunFolder(folder)
            blocks = [*_all_that_can_be_read(run)]
            with contextlib.suppress(OSError):  # the error at hand is the one to tell of
                write_text(folder / PAGE, render_page(page_without_verdict(folder.resolve().name, str(error), blocks)))
        raise


def _all_that_can_be_read(run: RunFolder) -> Iterator[Block]:
    for title, blocks in (("Failures and doubts", marks), ("How to reproduce it", reproduce)):
        with contextlib.suppress(HarnessError, OSError):
            found = tuple(blocks(run))
            if found:
                yield Section(name=title.partition(" ")[0].lower(), title=title, blocks=found)


def _digest(run: RunFolder, verdicts: Verdicts | None) -> str:
    """Return a digest of all that a page follows from: the lock, the outcomes, the verdicts, and how it is drawn."""
    digest = hashlib.sha256((run.folder / LOCK).read_bytes())
    for cell in run.cell_ids:
        path = run.cell_folder(cell) / OUTCOME
        digest.update(path.read_bytes() if path.exists() else b"-")
    digest.update(json.dumps(None if verdicts is None else verdicts.to_json()).encode())
    digest.update(f"{FORMAT} {_draws()}".encode())
    return digest.hexdigest()


def _is_made_of(path: Path, digest: str) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as page:
            return digest in page.read(_HEAD)
    except OSError:
        return False

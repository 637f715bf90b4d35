"""How to make a run again: its command, what it was made from, on what, and where its files are."""

from collections.abc import Iterator

from harness.ledger import RunFolder
from harness.ledger.lock import LOCK
from harness.records import CellResult
from harness.report.document import Block, Command, Prose, Table
from harness.report.sections.answer import run_command
from harness.spec.files import label


def reproduce(run: RunFolder, *, placed: bool = True) -> Iterator[Block]:
    """Yield the command, the digests of model and data, the versions, the machine, and where it is if `placed`."""
    lock = run.lock
    yield Command(
        line=run_command(run, placed=placed),
        does=f"This makes the run, or prints it again where it is done; {LOCK} has the spec as it was resolved:",
    )
    if lock.hashes is not None:
        digests = {"model": lock.hashes.model, "tokenizer": lock.hashes.tokenizer, "training rows": lock.hashes.data}
        digests |= {f"stage {name}": digest for name, digest in lock.hashes.stages.items()}
        digests |= {f"suite {name}": digest for name, digest in lock.hashes.suites.items()}
        rows = tuple((name, digest) for name, digest in digests.items() if digest)
        yield Table(title="SHA-256 of what it was made from", headers=("what", "digest"), rows=rows)
    if lock.versions:
        rows = tuple(lock.versions.items())
        yield Table(title="Versions", headers=("package", "version"), rows=rows)
    if lock.code is not None:
        yield Prose(f"Run by harness's own {lock.code}.")
    if lock.hardware is not None:
        yield Prose(f"Started on {lock.hardware}.")
    yield from _machines(run)
    if lock.execution.fit.rows_at_once is not None:
        yield Prose(f"As memory allows, {lock.execution.fit}.")
    if placed:
        yield Prose(
            f"In {label(run.folder)}: verdict.json has the verdicts, costs.json what was measured in seconds and "
            "bytes, cells/ each cell's result, adapter and lm-eval's own files, journal.jsonl what happened in order."
        )


def _machines(run: RunFolder) -> Iterator[Block]:
    systems = [each.meta_info.system_info for each in run.outcomes if isinstance(each, CellResult)]
    for each in dict.fromkeys(systems):
        yield Prose(f"Computed on {each.device}, {each.machine}, {each.system}, Python {each.python}.")

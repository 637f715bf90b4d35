"""A run as a repository on the hub: adapters with their cards, the bundle that verifies the verdict, and a card of all.

What may leave is listed here and nowhere else: what the records say was trained, cards, and a bundle, whose items are
never those of a suite whose licence keeps them back.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.bundle.make import make
from harness.errors import SourceError, UsageError
from harness.ledger import RunFolder
from harness.ledger.artefacts import CARD
from harness.ledger.damage import CellFiles, refuse
from harness.ledger.run import STATE
from harness.report.card import run_card
from harness.report.files import cards
from harness.storage import writing
from harness.verdict.decision import Decision
from harness.verdict.records import Verdicts

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
"""``OWNER/NAME``, as the hub has them."""
LONGEST = 96
ADAPTERS = "adapters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What a repository has, or would have: bytes by path. `kept_back` are suites without their items, with licences.

    `url` is where it is, None where nothing left.
    """

    repository: str
    files: Mapping[str, int]
    kept_back: Mapping[str, str]
    url: str | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


def check_repository(name: str) -> None:
    """Raise `UsageError` for a name that the hub would not take."""
    if not REPOSITORY.fullmatch(name) or len(name) > LONGEST or any(each in name for each in ("--", "..")):
        raise UsageError(
            f"{name!r} is not a repository: it is OWNER/NAME in letters, digits, -, _ and ., {LONGEST} at most."
        )


def stage(
    run: RunFolder,
    verdicts: Verdicts,
    decision: Decision,
    reports: Mapping[str, str],
    target: Path,
    *,
    repository: str,
    licence: str | None = None,
) -> Pushed:
    """Write everything that is to be pushed below `target`, an empty folder, and return what it is.

    `reports` are the run's by the names of their files, `licence` the adapters'. Raises `DamagedError` for adapters
    that are not as they were written, `BundleError` where the bundle cannot be made, `StorageError` where there is no
    room.
    """
    bundle = f"{run.experiment.name}.bundle.tar.xz"
    kept_back = make(run, target / bundle, reports)
    folders: dict[str, str] = {}
    with writing(target):
        for result, card in cards(run, verdicts, licence):
            refuse(run, CellFiles(run, result.cell.id).training(STATE))
            folder = f"{ADAPTERS}/{result.cell.id}"
            copy_recorded(run, result.cell.id, sorted(result.files), target / folder)
            (target / folder / CARD).write_text(card, encoding="utf-8")
            folders[folder] = result.cell.recipe
        said = run_card(run, verdicts, decision, folders, bundle=bundle, repository=repository, licence=licence)
        (target / CARD).write_text(said, encoding="utf-8")
    found = sorted(path for path in target.rglob("*") if path.is_file())
    files = {path.relative_to(target).as_posix(): path.stat().st_size for path in found}
    return Pushed(repository=repository, files=files, kept_back=kept_back)


def upload(folder: Path, repository: str, *, private: bool, said: str) -> str:
    """Upload a folder as one commit, whose message is `said`; return where the repository is.

    Who pushes is whom huggingface_hub knows. Raises `SourceError` for what the hub or the network refuses.
    """
    from huggingface_hub import HfApi  # heavy, and needed where something leaves
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi()
    try:
        url = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=str(folder), commit_message=said)
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise SourceError(f"{repository} could not be pushed ({type(error).__name__}): {error}") from error
    return str(url)


def copy_recorded(run: RunFolder, cell: str, recorded: list[str], target: Path) -> None:
    """Copy what the records say was trained, and no other file that lies beside it."""
    target.mkdir(parents=True, exist_ok=True)
    for name in recorded:
        inside = Path(name).relative_to(STATE) if name.startswith(f"{STATE}/") else None
        if inside is not None and inside.name != CARD:
            (target / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.cell_folder(cell) / name, target / inside)

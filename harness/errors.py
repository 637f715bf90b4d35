"""One error tree. It imports nothing of ours, so that every room can raise from it.

A user's mistake is a `HarnessError`: the command line prints it without a traceback and exits with its
`exit_code`. Anything else that escapes is a bug, keeps its traceback and exits 70.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

StorageKind = Literal["no_space", "too_large", "permission", "vanished", "in_the_way", "input_output"]
"""How a disk, or whoever set its rights and limits, can refuse."""

FailureKind = Literal[
    "non_finite_loss",
    "out_of_memory",
    "device",
    "memory_limit",
    "time_limit",
    "task",
    "recipe",
    "source",
    "damaged",
    "killed",
    "crash",
    "bug",
]
"""How a cell can fail, as the ledger names it. What a disk refuses is no failure of a cell: it ends the command."""

FAILURE_KINDS: tuple[FailureKind, ...] = get_args(FailureKind)

REPORT_IT = "Please report it, with the traceback, the command, its spec and what `harness doctor` prints."
"""What to send of a failure that nobody foresaw."""


class HarnessError(Exception):
    """An expected error; its text says what was given, where, and what to do.

    Unless a kind of error says otherwise, something needed cannot be had: a model, a package, a free disk.
    """

    exit_code = 69


class UsageError(HarnessError):
    """The command line asks for something that cannot be done as asked."""

    exit_code = 64


class MissingExtraError(UsageError):
    """What is asked for needs packages that an optional dependency of harness brings, and they are not installed."""


def first_line(error: HarnessError) -> str:
    """Return the first line of what an error says, for a note beside what could be done without it."""
    return str(error).partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a declaration file.

    `path` is a JSON path such as ``$.suites[0].task``, `line` is 1-based (None where no line is known, as
    for a value that came from ``--set``), `message` names the value, `remedy` says what is allowed or what to do.
    """

    file: str
    path: str
    line: int | None
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """``file:line: $.path: message. remedy``."""
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{where}: {self.path}: {self.message}.{remedy}"


class SpecError(HarnessError):
    """A declaration file is wrong; `problems` holds everything wrong with it, not the first only."""

    exit_code = 64

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class SourceError(HarnessError):
    """A model, wheel or data set cannot be had: unreachable, absent from the cache, or not what was pinned."""


class NotInCacheError(SourceError):
    """`what` is not in the cache, and nothing may be downloaded now."""

    def __init__(self, what: str, text: str) -> None:
        self.what = what
        super().__init__(text)


class BundleError(HarnessError):
    """A bundle cannot be made, or a file is not one that can be read."""

    exit_code = 64


class ExportError(HarnessError):
    """What was exported answers otherwise than what was scored; it is not left behind."""

    exit_code = 1


class CacheDamageError(SourceError):
    """What the cache holds is not what was put there: named, and not used."""


class TaskError(HarnessError):
    """A task's YAML, loader or data is wrong."""

    exit_code = 64


class RecipeError(HarnessError):
    """A recipe cannot be applied to this model."""

    exit_code = 64


class InternalError(HarnessError):
    """Something failed that no file of the user's explains; the text says where, and which log has the traceback."""

    exit_code = 70


class PluginError(HarnessError):
    """A third party's plug-in cannot be loaded or does not keep its contract; the text names the plug-in."""

    exit_code = 64


class TrainingError(HarnessError):
    """A training run cannot go on; `kind` is the failure's type in the ledger (``non_finite_loss``, …)."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class StorageError(HarnessError):
    """The disk refuses: it is full, a limit is reached, something may not be written, or is not there any more."""

    exit_code = 74

    def __init__(self, kind: StorageKind, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class LedgerError(HarnessError):
    """A folder holds no run, holds one that cannot be read, or one of other data."""

    exit_code = 64


class DamagedError(LedgerError):
    """Files of a run folder are not what was written into them; the text names each, and nothing was made of them."""

    exit_code = 65


class ComparisonError(HarnessError):
    """Scores cannot be compared: unpaired items, mixed metrics, values out of range."""

    exit_code = 64


class NoScoresError(ComparisonError):
    """A model has no scores of a suite at all."""


_OTHERS = 3


def said_once(lines: Iterable[str]) -> tuple[str, ...]:
    """Return messages in order, one for all that differ in nothing but their first word, which is what they are about.

    ``a lacks x.`` and ``b lacks x.`` come to ``a lacks x. The same holds for b.``
    """
    about: dict[str, dict[str, None]] = {}
    for line in lines:
        subject, _, said = line.partition(" ")
        about.setdefault(said, {})[subject] = None
    return tuple(_with_others(list(subjects), said) for said, subjects in about.items())


def _with_others(subjects: list[str], said: str) -> str:
    first, *others = subjects
    if not others:
        return f"{first} {said}".rstrip()
    more = f" and {len(others) - _OTHERS} more" if len(others) > _OTHERS else ""
    return f"{first} {said} The same holds for {', '.join(others[:_OTHERS])}{more}."

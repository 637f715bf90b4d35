"""What the command line changes about a spec, laid over it before anything is checked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path as FilePath

from harness.errors import Problem, SpecError
from harness.spec.located import Located, Path
from harness.spec.selection import keep_only
from harness.spec.setting import put, set_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The options that every verb on a spec takes.

    `set` holds ``path=value`` texts, `only` names of recipes and suites to keep. `out` is where runs are written;
    it changes no number and is not part of the experiment.
    """

    set: tuple[str, ...] = ()
    seeds: tuple[int, ...] | None = None
    limit: int | None = None
    only: tuple[str, ...] = ()
    out: FilePath | None = None

    def words(self) -> tuple[str, ...]:
        """Return what was overridden as it would be typed; this stands in the lock file and the report."""
        return tuple(option for option, _ in _steps(self))


Step = Callable[..., Located]


def overridden(document: Located, overrides: Overrides) -> tuple[Located, list[Problem]]:
    """Return the document with the overrides laid over it, and what is wrong with those that cannot be.

    Each part that was overridden is placed at the option that said it.
    """
    problems: list[Problem] = []
    for option, step in _steps(overrides):
        try:
            document = step(document, option=option)
        except SpecError as error:
            problems.extend(error.problems)
    return document, problems


def _steps(overrides: Overrides) -> Iterator[tuple[str, Step]]:
    """Yield each option as it would be typed, and what it does."""
    for text in overrides.set:
        yield f"--set {text}", partial(set_text, text=text)
    seeds = overrides.seeds
    if seeds is not None:
        typed = ",".join(map(str, seeds))
        yield f"--seeds {typed}", partial(put, path=("seeds",), value=list(seeds))
    limit = overrides.limit
    if limit is not None:
        yield f"--limit {limit}", partial(_limited, items=limit)
    if overrides.only:
        typed = ",".join(overrides.only)
        yield f"--only {typed}", partial(keep_only, names=overrides.only)


def _limited(document: Located, *, items: int, option: str) -> Located:
    """Score at most `items` of every suite, whatever the suite says."""
    document = put(document, ("evaluation", "limit"), items, option)
    suites = document.value.get("suites")
    for index, suite in enumerate(suites if isinstance(suites, list) else []):
        if isinstance(suite, dict) and suite.get("limit") is not None:
            path: Path = ("suites", index, "limit")
            document = put(document, path, items, option)
    return document

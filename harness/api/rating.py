"""Pairs of answers for experts, and what came back of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api.declaring import PathLike
from harness.api.running import run_of
from harness.runs import Run

if TYPE_CHECKING:
    from harness.ratings.export import Exported
    from harness.ratings.outcome import Ratings


def rate_export(
    run: Run | PathLike,
    out: PathLike,
    *,
    key: PathLike | None = None,
    suite: str | None = None,
    candidates: Sequence[str] = (),
    items: int | None = None,
    seed: int = 0,
    these_models: bool = False,
    include_items: Sequence[str] = (),
) -> "Exported":
    """Write pairs of a run's generated answers for experts into `out`, and the key beside that folder (or to `key`).

    The reference stands beside each of `candidates`, all of the spec's unless some are named, in the answers to `items`
    questions (40, or all of fewer) of a `suite`, which need not be named where one alone has generated answers. `seed`
    draws the questions, their order and their sides. Marks are judged over training seeds too where there are several,
    unless they are to speak of `these_models`. Items that a licence keeps back take `include_items`, the suite's name.
    Raises `UsageError` for what cannot be done as asked, `ComparisonError` for a run without such answers.
    """
    from harness.ratings.export import export

    found = run_of(run)
    return export(
        found.files,
        Path(out),
        key=Path(key) if key is not None else Path(f"{Path(out)}.key.json"),
        task=suite,
        candidates=candidates,
        items=items,
        seed=seed,
        these_models=these_models,
        include_items=include_items,
    )


def rate_import(key: PathLike, files: Sequence[PathLike]) -> "Ratings":
    """Return what raters agree in, and each mark with its interval over raters and items.

    `key` is the file that `rate_export` wrote, `files` what raters gave back, one each. Needs the extra `ratings`.
    Raises `ComparisonError` with everything that is wrong with the files.
    """
    from harness.ratings.outcome import read_ratings

    return read_ratings(Path(key), [Path(each) for each in files])

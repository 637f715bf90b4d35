"""What the ratings of an export come to: who rated, how far they agree, and each mark's gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.ratings.agreement import Agreement, agreement, package
from harness.ratings.judged import Judged, judge_ratings
from harness.ratings.key import Key, read_key
from harness.ratings.returned import Rater, read_returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """The key of an export, its raters by name, their agreement in each mark, and each mark judged."""

    key: Key
    raters: tuple[Rater, ...]
    agreement: tuple[Agreement, ...]
    judged: Judged


def read_ratings(key: Path, files: Sequence[Path]) -> Ratings:
    """Return what the files that raters gave back come to.

    Raises `MissingExtraError` where alpha cannot be computed, before anything is read, and `ComparisonError` for a key
    that is none, with everything that is wrong with the files, and where too little was marked by all.
    """
    package()
    known = read_key(key)
    raters = read_returned(files, known)
    return Ratings(
        key=known,
        raters=raters,
        agreement=agreement(raters, [each.pair for each in known.pairs]),
        judged=judge_ratings(known, raters),
    )

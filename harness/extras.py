"""What the distribution declares that it needs: its own dependencies and its extras, and which of them are missing.

Comparing, reporting and checking take a handful of small packages; training and scoring take the extra `run`, tables in
parquet the extra `parquet`, the pictures of a page the extra `report`, completion in a shell the extra `completion`,
logs of Inspect the extra `interchange`, agreement of raters the extra `ratings`, facts that are
retrieved the extra `retrieval`, and launchers have an extra each.
"""

from importlib import metadata
from typing import TYPE_CHECKING, Literal, get_args

from harness.errors import MissingExtraError
from harness.text import several

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "harness-gap"

Extra = Literal["run", "parquet", "report", "completion", "interchange", "ratings", "retrieval", "ray", "slurm"]

_OWN_CONSTRAINTS: dict[Extra, str] = {"interchange": "constraints-interchange.txt"}
"""Extras that bound packages otherwise than constraints.txt does."""

_NAMED = 3
"""How many missing packages a message names."""


def declared(extra: Extra | None = None) -> "tuple[Requirement, ...]":
    """Return what harness itself needs here, or what an extra adds to it; nothing where harness is not installed."""
    from packaging.requirements import Requirement  # light verbs import this module and need not pay for its grammar

    try:
        texts = metadata.requires(DISTRIBUTION) or ()
    except metadata.PackageNotFoundError:
        return ()
    named = (text for text in texts if extra is None or extra in text)  # reading one is dear, and most are another's
    return tuple(need for need in map(Requirement, named) if _brought_by(need) == extra)


def missing(extra: Extra) -> tuple[str, ...]:
    """Return the packages of an extra that are not installed, by name."""
    return tuple(sorted(need.name for need in declared(extra) if not _is_installed(need.name)))


def install_command(extra: Extra) -> str:
    """Return the command that brings an extra, as it is typed in a clone of the repository."""
    return f"pip install -c {_OWN_CONSTRAINTS.get(extra, 'constraints.txt')} '.[{extra}]'"


def require(extra: Extra, what: str) -> None:
    """Raise `MissingExtraError` where `what` needs an extra that is not installed."""
    if lacking := missing(extra):
        raise MissingExtraError(
            f"{what} needs packages that are not installed ({several(lacking, _NAMED)}): "
            f"`{install_command(extra)}` brings them."
        )


def _brought_by(need: "Requirement") -> str | None:
    """Return the extra that brings a requirement, None for harness's own, an empty text for another platform's."""
    if need.marker is None or need.marker.evaluate({"extra": ""}):
        return None
    return next((extra for extra in get_args(Extra) if need.marker.evaluate({"extra": extra})), "")


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)  # its version would have all that it says of itself parsed
    except metadata.PackageNotFoundError:
        return False
    return True

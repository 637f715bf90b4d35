"""Arms that an experiment does not train: PEFT adapters and whole models that exist, and the seeds they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.names import HUB_ID, wrong

WeightsKind = Literal["adapter", "model"]
"""What was trained: a PEFT adapter on the experiment's base, or all of the base's weights."""

KEYS: dict[str, WeightsKind] = {"adapters": "adapter", "models": "model"}
"""The lists that an arm may have in a spec, and what stands in them."""
_FOLDERS = (".", "/", "~", "\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One trained model that exists: a folder (`path`), or a repository on the hub (`id`, at a `revision`).

    `seed` is the one it was trained with, None where that is not known.
    """

    path: str | None = None
    id: str | None = None
    revision: str = "main"
    seed: int | None = None

    @property
    def key(self) -> str:
        """A name for where it is, the same wherever it stands and whatever its seed."""
        return self.path if self.path is not None else f"{self.id}@{self.revision}"

    @property
    def address(self) -> str:
        """Where it is, as people are told: the folder, or ``org/name@revision``."""
        if self.path is not None:
            return self.path
        return str(self.id) if self.revision == "main" else f"{self.id}@{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingArm:
    """An arm of models that were trained elsewhere, one for each seed of the experiment."""

    name: str
    kind: WeightsKind
    weights: tuple[Weights, ...]

    def by_seed(self, seeds: Sequence[int]) -> dict[int, Weights]:
        """Return which model stands for which of the experiment's seeds.

        One whose seed is known stands for that; the others take the seeds that are left, in the order in which they are
        listed. Pairs that are fixed before a score is seen and have nothing in common keep every error rate: the
        variance of their differences is merely not made smaller.
        """
        declared = {each.seed: each for each in self.weights if each.seed is not None}
        left = iter([each for each in self.weights if each.seed is None])
        found = {seed: declared.get(seed) or next(left, None) for seed in seeds}
        return {seed: each for seed, each in found.items() if each is not None}


def read_weights(text: str) -> Weights | None:
    """Return what a text in an arm's list means, None where it is neither a folder nor a repository.

    A folder begins with ``./``, ``../``, ``/`` or ``~``; all else is ``org/name``, with ``@revision`` after it where it
    is not the newest.
    """
    if is_folder_text(text):
        return Weights(path=text)
    name, _, revision = text.partition("@")
    if "/" not in name or wrong(HUB_ID, name):
        return None
    return Weights(id=name, revision=revision or "main")


def is_folder_text(text: str) -> bool:
    """Tell whether a text is the path of a folder by its form."""
    return text.startswith(_FOLDERS)

"""What trains: where rows come from, and what a recipe changes about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.codec import JSON

DataControl = Literal["permuted_answers"]
"""What makes a training a placebo: answers dealt anew among rows of the same form."""

TRANSFORMS = ("fraction", "noise", "templates", "synonyms", "swap_words", "delete_words", "least_confident")
"""What a recipe may do to its training rows, in the order in which it is done."""

DATA_SOURCES = ("task", "jsonl", "csv", "parquet", "hub")
"""Sources of training data that harness brings itself; any other is the name of a plug-in."""

FILE_SOURCES = ("jsonl", "csv", "parquet")
"""Those that are a file with a `path`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What trains. ``task``: a task's own training split; ``jsonl``, ``csv``, ``parquet``: a file; ``hub``: a data set.

    Files and data sets hold texts `prompt` and `completion`, conversations, or instructions; `columns` maps these names
    to others. Any other `source` is the name of a plug-in, which
    reads the `options`; `plugin` is the distribution that it came from, ``name==version``, when the spec was read.
    """

    source: str
    task: str | None = None
    path: str | None = None
    id: str | None = None
    revision: str | None = None
    name: str | None = None
    split: str = "train"
    columns: Mapping[str, str] = field(default_factory=dict)
    share: float | None = None
    """For a member of `Experiment.mix`: the fraction of training examples that it supplies."""
    control: DataControl | None = None
    options: Mapping[str, JSON] = field(default_factory=dict)
    plugin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """A change of training rows: the `share` of them that it is about, and the `seed` that draws them."""

    share: float
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeData:
    """What a recipe changes about the experiment's training rows: with a `control` it is a placebo.

    `mix` takes the place of the experiment's, None leaves that as it is. `transforms` are by their names, of
    `TRANSFORMS`, and applied in that order to data and mix, before the control.
    """

    control: DataControl | None = None
    mix: tuple[Data, ...] | None = None
    transforms: Mapping[str, Transform] = field(default_factory=dict)

"""What is recorded of a cell beside its numbers: its files, its rows and dtypes, what was read, what was held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file that a cell left: the SHA-256 of its bytes, and how many they are."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """Training rows: how many there are, and how many `max_length` (in tokens) cuts or leaves out altogether.

    `origins` says how many each of a recipe's transforms changed, by its name.
    """

    total: int
    cut: int
    dropped: int
    max_length: int | None = None
    origins: Mapping[str, int] = field(default_factory=dict, hash=False)

    @classmethod
    def of_all(cls, parts: "Sequence[RowCounts]") -> "RowCounts":
        """Return the counts of trainings one after another; the limit is the least of theirs."""
        limits = [part.max_length for part in parts if part.max_length is not None]
        names = dict.fromkeys(name for part in parts for name in part.origins)
        return cls(
            total=sum(part.total for part in parts),
            cut=sum(part.cut for part in parts),
            dropped=sum(part.dropped for part in parts),
            max_length=min(limits, default=None),
            origins={name: sum(part.origins.get(name, 0) for part in parts) for name in names},
        )

    @property
    def share(self) -> float:
        """The part of the rows that is not trained on as it is."""
        return (self.cut + self.dropped) / self.total if self.total else 0.0

    def __str__(self) -> str:
        """Return ``of 773 rows max_length 64 cuts 12 and leaves 3 out (1.9%)``."""
        return (
            f"of {self.total:,} rows max_length {self.max_length} cuts {self.cut:,} and leaves {self.dropped:,} out "
            f"({self.share:.1%})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """The loss of finished weights on rows that were not trained on: each row's in nats, and its completion tokens."""

    nats: tuple[float, ...]
    tokens: tuple[int, ...]

    @property
    def loss(self) -> float:
        """Nats a completion token over all rows."""
        return sum(self.nats) / sum(self.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """The dtypes of a training: of the weights that train, of products, and in which the model is scored then.

    Products in float16 go with loss scaling.
    """

    trained: str
    computed: str
    scored: str

    def __str__(self) -> str:
        """Return ``trained in float32, computed in bfloat16, scored in bfloat16``."""
        return f"trained in {self.trained}, computed in {self.computed}, scored in {self.scored}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenPrefix:
    """What was read of the layers below the lowest that trains, instead of being computed: in scoring or in training.

    `layers` are those whose input was `read` for so many batches, and `kept` for later models of so many others, which
    took so many `bytes` and `seconds`; several layers where the untuned model keeps it for several recipes.
    `difference` is the largest one in the batch that was computed both ways, None where none was: of logits, and in
    training of what enters the layer, as a share of its largest value. `notes` say what was not used or kept, and why.
    In training `seconds` are those of having all rows at hand, whoever computed them.
    """

    layers: tuple[int, ...]
    read: int = 0
    kept: int = 0
    bytes: int = 0
    seconds: float = 0.0
    difference: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedElsewhere:
    """A model that a cell scored and did not train: an ``adapter`` or a whole ``model``, and where it came from.

    `sha256` is a digest of its weights and configuration, `seed` the one it was trained with, None where that is not
    known, `base_model` what an adapter's configuration says of its base: a hint.
    """

    kind: str
    source: str
    sha256: str
    seed: int | None = None
    base_model: str | None = None

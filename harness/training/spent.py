"""What the seconds of a training went into, so that those of several starts add up and none counts twice."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds: of training itself, of validation rows that decide nothing, of having a prefix at hand, of checkpoints.

    Validation by which training is stopped belongs to training.
    """

    train: float = 0.0
    validate: float = 0.0
    prefix: float = 0.0
    checkpoint: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        """Return what both took together."""
        train, validate, prefix, checkpoint = map(sum, zip(astuple(self), astuple(other), strict=True))
        return Spent(train=train, validate=validate, prefix=prefix, checkpoint=checkpoint)

"""What preparing an experiment found: a record that the scheduling process reads without the heavy libraries."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.plan.content import Content
from harness.preflight.workers import places
from harness.records import Fit, Screening
from harness.witness import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Model, data and suites are in the cache, and they are what `content` says.

    `rows` counts the training rows, `items` what each suite has, by task, whatever an experiment's limit. `threads` is
    what torch computes with, `versions` are those of the libraries that train and score, by package. `devices` is how
    many accelerators there are, and `fitting` how many cells the memory of a machine without one holds at once, None
    where nobody asked. `fit` is what the device holds of a training batch. `seen` is everything that was read for it,
    None where that is not all known.
    """

    content: Content
    rows: int
    items: Mapping[str, int]
    screening: Screening
    device: str
    threads: int
    versions: Mapping[str, str]
    devices: int = 1
    fitting: int | None = None
    fit: Fit = field(default_factory=Fit)
    seen: Seen | None = None

    def places(self, workers: int) -> int:
        """Return how many of so many workers have an accelerator of their own, or memory on a CPU; one at least."""
        return places(workers, None if self.device == "cpu" else self.devices, self.fitting)

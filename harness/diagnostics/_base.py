"""The contract of a diagnostic: what it may look at, when it is called, and what it answers.

A diagnostic is a class. Before anything is trained, `check` says of an instance that looks at nothing why the
experiment cannot have it, and the run is refused. Harness then makes one instance for each training of each cell, in
the cell's own process, and calls it from one thread, in this order: `begin` once, with the recipe and what
`asks_for` names; `before` once, on the base model as it was loaded; `during` after every optimizer step, where the
class overrides it; `after` once, on the trained model before it is saved. What `begin`, `before` and `during` note
stays in the instance. Models belong to the cell: a diagnostic that changes one puts it back, and keeps no reference to
it. What it computes must not draw from the global random state, or the training that follows would be another one.

`after` answers with a `Measurement` whose `name` is the class's. A measurement that does not pass marks the numbers and
hides none; an exception ends the cell as a failure, which is right only where the numbers would mean nothing.

`across` is a second stage, called once in a process of its own when the run's last cell has ended, with every cell that
was trained. It reads what the first stage stored: weights of full fine-tuning are deleted once they are scored, and no
model is loaded for it. What it answers stands in the run folder's ``measurements.json``.

A diagnostic looks while a cell trains. One that a spec names later is not had of cells that are finished: the run is
refused, and another ``--out`` trains them again.

Third parties register a class under the entry-point group ``harness.diagnostics`` and a spec names it in
``diagnostics``; its options are validated by the plug-in's schema and handed to the constructor as keyword arguments.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness.methods._base import Adapted
from harness.methods.batches import Batch
from harness.records import CellResult, Measurement
from harness.spec.records import Experiment, Recipe, Role
from harness.training import Trained

Texts = Mapping[str, tuple[Tensor, ...]]
"""Texts to look at a model with, by domain (``in_domain``, ``out_of_domain``): each one's token ids, (1, tokens)."""

Score = Callable[[PreTrainedModel, Role], Mapping[str, float]]
"""Scores a model, which comes back as it was, on some items of each suite of a role: by task, the suite's metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """What a diagnostic looks at a model with, the same in every cell; what was not asked for is not there.

    `held_out` is a batch of validation rows, with `input_ids`, `attention_mask` and `labels` as training reads them.
    `lower_is_better` names the tasks of `score` whose metric falls as the model gets better. `unquantized` loads the
    base as it is before it is quantized, onto the CPU.
    """

    texts: Texts = field(default_factory=dict)
    held_out: Batch | None = None
    score: Score | None = None
    lower_is_better: frozenset[str] = frozenset()
    unquantized: Callable[[], PreTrainedModel] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """Which texts a diagnostic looks at a model with, the same in every cell.

    Of each domain the first `items` prompts of the suites of that role, or the `texts` that are given for it; of each
    text the first `tokens` tokens. `held_out` validation rows, and `scored` items of each suite whose role is one of
    `roles`; 0 is none of them. `unquantized` asks for the base as it is before it is quantized.
    """

    items: int = 8
    tokens: int = 64
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    held_out: int = 0
    scored: int = 0
    roles: tuple[Role, ...] = ()
    unquantized: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A training that is over.

    `batch` is the probe batch that `before` was given: `input_ids`, `attention_mask` and `labels`, each (rows, tokens).
    `start_sha256` is the digest of the trainable weights before the first step, `first_start_sha256` that of the same
    adapter made on another fresh model, None where nothing is drawn for it. `folder` is the cell's, and `arrays` one
    below it, not made yet, which this training has for itself: a diagnostic leaves files there through `store`.
    """

    adapted: Adapted
    trained: Trained
    batch: Batch
    start_sha256: str
    first_start_sha256: str | None
    folder: Path
    arrays: Path

    def store(self, name: str, tensors: Mapping[str, Tensor]) -> str:
        """Write tensors to ``<name>.safetensors`` and return what `Measurement.arrays` says of that file."""
        self.arrays.mkdir(parents=True, exist_ok=True)
        file = self.arrays / f"{name}.safetensors"
        save_file({key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}, file)
        return str(file.relative_to(self.folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCell:
    """A trained cell as the second stage sees it: its result, and the folder that `Measurement.arrays` counts from."""

    result: CellResult
    folder: Path


class Diagnostic(ABC):
    """One measurement of a training; see the module for who calls what when."""

    name: ClassVar[str]

    def check(self, experiment: Experiment, config: Mapping[str, Any] | None) -> Iterable[str]:
        """Return every reason why the experiment cannot have it, with the remedy; `config` is the model's or None."""
        del experiment, config
        return ()

    def asks_for(self) -> ProbeRequest | None:
        """Return what it looks at the model with; None where the batch of training rows is enough."""
        return None

    def begin(self, whole: Recipe, recipe: Recipe, probes: Probes) -> None:  # noqa: B027 - most need none
        """Note the `whole` recipe, what of it trains (it or one of its stages), and what was asked for."""

    def before(self, model: nn.Module, batch: Batch) -> None:  # noqa: B027 - most need nothing of the base
        """Note what the base model is, before anything is adapted."""

    def during(self, model: nn.Module, step: int) -> None:  # noqa: B027 - most look at the end alone
        """Look at the model after an optimizer step; steps count from 1."""

    def state(self) -> Any:
        """Return what `during` has noted so far, as numbers, texts, tensors, and lists and dicts of them.

        None, as here, says that it cannot be told: a training that is watched by such a class keeps no checkpoint.
        """
        return None

    def restore(self, state: Any) -> None:  # noqa: B027 - as above
        """Take back what `state` returned, after `before` and in place of the steps that led to it."""

    @abstractmethod
    def after(self, subject: Subject) -> Measurement:
        """Return what was found."""

    @classmethod
    def across(cls, cells: Sequence[StoredCell]) -> Mapping[str, Measurement]:
        """Return measurements over the trained cells, by names of their own, from what the first stage stored."""
        del cells
        return {}

    @classmethod
    def looks_across(cls) -> bool:
        """Tell whether the class overrides `across`."""
        return cls.across.__func__ is not Diagnostic.across.__func__  # type: ignore[attr-defined]

    @classmethod
    def watches_steps(cls) -> bool:
        """Tell whether the class overrides `during`."""
        return cls.during is not Diagnostic.during

"""What every diagnostic must keep to; see `harness.diagnostics.Diagnostic` for the contract in words.

::

    class TestMine(DiagnosticContract):
        @pytest.fixture
        def make(self):
            return lambda: MyDiagnostic(every=2)
"""

import gc
import random
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness.codec import decode, encode
from harness.diagnostics import Diagnostic, Subject, measure, start_digest
from harness.methods import Batches
from harness.methods.adapt import adapt
from harness.records import Measurement
from harness.spec.records import Recipe
from harness.testing.tiny import tiny_batches, tiny_model, tiny_probes
from harness.training import Trained

STEPS = 3
EXECUTABLE = (".bin", ".pt", ".pth", ".pkl", ".py")
"""Endings of files that execute something when they are read."""

LORA = Recipe(method="lora", name="contract", peft={"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"]})


@dataclass
class Taken:
    """A training that a diagnostic has followed, what it answered, and the cell's folder."""

    measurement: Measurement
    folder: Path
    arrays: Path


class DiagnosticContract:
    """Inherit this in a test module under a name that begins with ``Test`` and give the fixture `make`.

    Every test follows a training of three steps on the tiny model of `harness.testing.tiny`, by the fixture `recipe`.
    """

    @pytest.fixture
    def make(self) -> Callable[[], Diagnostic]:
        """Return what makes the diagnostic anew, with its options."""
        raise NotImplementedError

    @pytest.fixture
    def recipe(self) -> Recipe:
        """Return the recipe of the training; a LoRA unless the diagnostic is of something else."""
        return LORA

    @pytest.fixture
    def batches(self) -> Batches:
        """Return what starts a pass over training batches."""
        return tiny_batches

    def test_it_answers_with_a_measurement_of_its_name(
        self, make: Callable[[], Diagnostic], recipe: Recipe, batches: Batches, tmp_path: Path
    ) -> None:
        """One that JSON can hold: no number in it is anything but finite."""
        found = follow(make(), recipe, batches, tmp_path).measurement
        assert found.name == make().name
        assert decode(Measurement, encode(found)) == found

    def test_the_same_training_gives_the_same_answer(
        self, make: Callable[[], Diagnostic], recipe: Recipe, batches: Batches, tmp_path: Path
    ) -> None:
        """Two instances know nothing of each other."""
        first, again = (follow(make(), recipe, batches, tmp_path / name) for name in ("first", "again"))
        assert first.measurement == again.measurement
        assert files(first.folder) == files(again.folder)

    def test_the_training_is_the_same_with_it_and_without(
        self, make: Callable[[], Diagnostic], recipe: Recipe, batches: Batches, tmp_path: Path
    ) -> None:
        """A look leaves weights, gradients, hooks and mode as they were, and every random generator."""
        follow(make(), recipe, batches, tmp_path, looking=unchanged)

    def test_it_keeps_no_model(
        self, make: Callable[[], Diagnostic], recipe: Recipe, batches: Batches, tmp_path: Path
    ) -> None:
        """Two models need not fit into memory."""
        diagnostic = make()
        models: list[weakref.ref[nn.Module]] = []
        follow(diagnostic, recipe, batches, tmp_path, looking=lambda model: seen(model, models))
        gc.collect()
        assert models
        assert [each for each in models if each() is not None] == []
        del diagnostic

    def test_files_lie_where_they_belong(
        self, make: Callable[[], Diagnostic], recipe: Recipe, batches: Batches, tmp_path: Path
    ) -> None:
        """In the folder for them, under the path that the measurement says, and nothing in them needs executing."""
        taken = follow(make(), recipe, batches, tmp_path)
        written = [taken.folder / name for name in files(taken.folder)]
        assert [file for file in written if taken.arrays not in file.parents] == []
        assert [file for file in written if file.suffix in EXECUTABLE] == []
        if taken.measurement.arrays is not None:
            assert taken.folder / taken.measurement.arrays in written

    def test_no_cells_are_no_mistake(self, make: Callable[[], Diagnostic]) -> None:
        """The second stage over none of them finds nothing, or measurements of names of their own."""
        found = type(make()).across([])
        assert all(isinstance(each, Measurement) and each.name == name for name, each in found.items())


def follow(
    diagnostic: Diagnostic,
    recipe: Recipe,
    batches: Batches,
    folder: Path,
    *,
    looking: Callable[[nn.Module], AbstractContextManager[None]] = lambda _model: nullcontext(),
) -> Taken:
    """Call the diagnostic as a cell does, around a training with plain SGD; `looking` is a context of every call."""
    model, batch = tiny_model(), next(iter(batches()))
    diagnostic.begin(recipe, recipe, tiny_probes())
    with looking(model):
        diagnostic.before(model, batch)
    adapted = adapt(model, recipe, seed=3, batches=batches)
    start, losses = start_digest(adapted), []
    for step, loss in enumerate(training(adapted.model, batches), start=1):
        losses.append(loss)
        if diagnostic.watches_steps():
            with looking(adapted.model):
                diagnostic.during(adapted.model, step)
    adapted.model.eval()
    order = tuple(str(step) for step in range(STEPS))
    trained = Trained(
        steps=STEPS,
        examples=STEPS * len(batch["input_ids"]),
        tokens=STEPS * batch["input_ids"].numel(),
        seconds=1.0,
        losses=tuple(losses),
        flos=1.0,
        order=order,
        drawn_again=order,
    )
    arrays = folder / "measurements"
    subject = Subject(
        adapted=adapted,
        trained=trained,
        batch=batch,
        start_sha256=start,
        first_start_sha256=start,
        folder=folder,
        arrays=arrays,
    )
    with looking(adapted.model):
        found = measure([diagnostic], subject)
    return Taken(measurement=found[diagnostic.name], folder=folder, arrays=arrays)


def training(model: nn.Module, batches: Batches) -> Iterator[float]:
    """Make steps and yield the loss of each."""
    optimizer = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], lr=0.5)
    model.train()
    for batch, _ in zip(batches(), range(STEPS), strict=False):
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        yield loss.item()


@contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    """Hold what is done inside to leaving the model and the random generators as they were."""
    before = _state(model)
    yield
    after = _state(model)
    assert [name for name in before if before[name] != after[name]] == []


@contextmanager
def seen(model: nn.Module, models: list[weakref.ref[nn.Module]]) -> Iterator[None]:
    """Note the model."""
    models.append(weakref.ref(model))
    yield


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder, by its path within."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _state(model: nn.Module) -> dict[str, Any]:
    """Return what looking at a model must not change, by what it is called."""
    weights = {
        f"weight {name}": (_bytes(weight), weight.requires_grad, _bytes(weight.grad))
        for name, weight in model.named_parameters()
    }
    modules = {f"module {name}": (each.training, len(each._forward_hooks)) for name, each in model.named_modules()}  # noqa: SLF001
    generators = {
        "torch's generator": _bytes(torch.get_rng_state()),
        "numpy's generator": str(np.random.get_state()),  # noqa: NPY002 - the global one is what training draws from
        "Python's generator": random.getstate(),
    }
    return {**weights, **modules, **generators, "gradients are taken": torch.is_grad_enabled()}


def _bytes(tensor: Tensor | None) -> bytes | None:
    return None if tensor is None else tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()

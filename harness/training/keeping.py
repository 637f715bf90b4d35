"""When a training keeps a checkpoint, what is in it, and how a training goes on from one.

Trainer passes over the batches that were seen and counts steps on. Everything else that has a part in the weights to
come, or in what is recorded of the training, is written here as data: the weights that train, the optimizer's and the
schedule's state, the loss scaler's, the random generators', the callbacks', and what the trainer itself has noted.

Of processes that share a training all keep and put back at the same steps. They have the same weights and the same
optimizer's state, which the first writes, with the generators of all.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import ExportableState

from harness.codec import JSON
from harness.errors import DamagedError
from harness.ledger.checkpoint import Checkpoint, DamagedCheckpointError
from harness.training.checkpoint import state_of, write_checkpoint
from harness.training.generators import as_text, generators, of_text, put_back
from harness.training.spent import Spent
from harness.training.state import State, UnkeptStateError
from harness.training.stopping import Stop, noted_signals
from harness.training.together import is_first, of_all, of_first, place, several

SHARE = 0.05
"""Part of a training's time that keeping checkpoints may take: where writing one takes long, they are fewer."""

_MINUTE = 60.0
_OTHERS = (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError)
"""What putting back a state raises that is another training's."""


@runtime_checkable
class Stateful(Protocol):
    """A callback that can say what it has noted, and take it back after its own `on_train_begin`.

    Transformers' `ExportableState` does as well; a callback that is neither has a training keep no checkpoint.
    """

    def state(self) -> State:
        """Return what it has noted so far, `{}` for nothing."""

    def restore(self, state: State) -> None:
        """Go on from there."""


class Trains(Protocol):
    """What a checkpoint needs of a trainer."""

    args: TrainingArguments
    model: nn.Module
    optimizer: Any
    lr_scheduler: Any
    state: TrainerState

    @property
    def scaler(self) -> Any:
        """The loss scaler, None where there is none."""

    @property
    def spent(self) -> Spent:
        """What this start has spent so far."""

    def noted(self) -> State:
        """Return what the trainer itself has noted."""

    def take_up(self, noted: State) -> None:
        """Go on from what `noted` returned; raises `DamagedCheckpointError` where the batches seen were others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """Where a training keeps its checkpoint, after how many minutes each, and the one `found` there to go on from.

    `about` is called at each with what this start has spent, and its answer is written into it.
    """

    folder: Path
    minutes: float
    about: Callable[[Spent], JSON]
    found: Checkpoint | None = None


class Keeping(TrainerCallback):
    """Keeps checkpoints of one training, and puts back what was found. It has to be the last of the callbacks.

    `stateful` are the callbacks that the training has beside Trainer's own.
    """

    def __init__(self, checkpoints: Checkpoints, stateful: Sequence[TrainerCallback]) -> None:
        self.seconds = 0.0
        """Seconds that this start has spent on checkpoints."""
        self._to = checkpoints
        self._stateful = tuple(stateful)
        self._found: State = None
        self._trainer: Trains | None = None
        self._due = 0.0
        self._stop = Stop()
        self._why_not = self._reason()

    def attend(self, trainer: Trains, scratch: Path) -> str | None:
        """Take the trainer whose training is kept; return the folder that it is to resume from, if it is to."""
        self._trainer = trainer
        if self._to.found is None:
            return None
        start = time.perf_counter()
        try:
            found = state_of(self._to.found, self._to.folder)
            (scratch / "trainer_state.json").write_text(json.dumps(found["trainer"]), encoding="utf-8")
            trainer.take_up(found["noted"])
        except (DamagedCheckpointError, KeyError, TypeError) as error:
            raise self._of_another(error) from error
        self._found = found
        self.seconds += time.perf_counter() - start
        return str(scratch)

    @property
    def earlier(self) -> Spent:
        """What earlier starts spent on the steps that this one goes on from."""
        return Spent() if self._found is None else Spent(**self._found["spent"])

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Put everything but the generators back, after all other callbacks have begun."""
        del args, state, control, kwargs
        start = time.perf_counter()
        if self._found is not None:
            self._put_back(self._found)
        self.seconds += time.perf_counter() - start
        self._wait(0.0)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Have a checkpoint kept after this step where it is time or the last chance, and another step is to come."""
        del kwargs
        if math.isfinite(self._to.minutes) and state.global_step < state.max_steps:
            due = self._keeps and (bool(self._stop) or time.perf_counter() >= self._due)
            control.should_save = of_first(due, args.device)

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Within the block let a signal that stops this process wait until the step is made and its checkpoint kept.

        Where none is kept there is nothing to wait for; of several processes, one that waited would wait for others
        that have ended.
        """
        if not self._keeps or several():
            yield
            return
        with noted_signals() as self._stop:
            yield

    @property
    def _keeps(self) -> bool:
        return self._why_not is None and math.isfinite(self._to.minutes)

    def keep(self) -> None:
        """Write a checkpoint; what cannot be written as data is said once, and none is kept from then on."""
        trainer, start = self._trainer, time.perf_counter()
        assert trainer is not None
        drawn = of_all(as_text(generators()), trainer.args.device)
        try:
            if is_first():
                write_checkpoint(
                    self._to.folder,
                    step=trainer.state.global_step,
                    steps=trainer.state.max_steps,
                    about=self._to.about(trainer.spent),
                    state=self._state(trainer, drawn[1:]),
                )
        except UnkeptStateError as error:
            self._why_not = str(error)
            sys.stderr.write(f"no checkpoint is kept: {error}\n")
        took = time.perf_counter() - start
        self.seconds += took
        self._wait(took)
        if self._stop:
            raise KeyboardInterrupt(self._stop.by)  # the signal itself comes again at the end of `stopping`

    def put_generators_back(self) -> None:
        """Let random generators go on from where the checkpoint found them."""
        others = self._found.get("others", [])
        put_back(self._found["generators"] if is_first() else of_text(others[place() - 1]))

    def _reason(self) -> str | None:
        """Return why no checkpoint can be kept, which is said in the log; None where one can."""
        unknown = [each for each in self._stateful if not isinstance(each, Stateful | ExportableState)]
        if not unknown:
            return None
        names = ", ".join(type(each).__name__ for each in unknown)
        sys.stderr.write(f"no checkpoint is kept: {names} cannot say what it has noted, with `state` and `restore`\n")
        return names

    def _wait(self, took: float) -> None:
        self._due = time.perf_counter() + max(self._to.minutes * _MINUTE, took * (1 / SHARE - 1))

    def _state(self, trainer: Trains, others: Sequence[str]) -> State:
        scaler = trainer.scaler
        return {
            "trainer": {**vars(trainer.state), "log_history": []},
            "noted": trainer.noted(),
            "spent": asdict(self.earlier + trainer.spent),
            "weights": {name: weight.data for name, weight in trained_weights(trainer.model).items()},
            "optimizer": trainer.optimizer.state_dict(),
            "schedule": trainer.lr_scheduler.state_dict(),
            "scaler": None if scaler is None else scaler.state_dict(),
            "callbacks": [each.state() for each in self._stateful],
            "generators": generators(),
            "others": list(others),
        }

    def _put_back(self, found: State) -> None:
        trainer = self._trainer
        assert trainer is not None
        try:
            _fill(trained_weights(trainer.model), found["weights"])
            trainer.optimizer.load_state_dict(found["optimizer"])
            trainer.lr_scheduler.load_state_dict(found["schedule"])
            if found["scaler"] is not None:
                trainer.scaler.load_state_dict(found["scaler"])
            # Of several processes only the first has diagnostics, which come last.
            for callback, state in zip(self._stateful, found["callbacks"], strict=is_first()):
                _restore(callback, state)
        except _OTHERS as error:
            raise self._of_another(error) from error

    def _of_another(self, error: Exception) -> DamagedError:
        return DamagedError(
            f"{self._to.folder} holds a checkpoint of another training ({type(error).__name__}: {error}). "
            "Remove it, and the training begins from its start."
        )


def trained_weights(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights of a model that train, by name."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def _fill(weights: Mapping[str, nn.Parameter], kept: Mapping[str, Any]) -> None:
    if set(weights) != set(kept):
        raise KeyError(*sorted(set(weights) ^ set(kept))[:1])
    for name, weight in weights.items():
        if (weight.shape, weight.dtype) != (kept[name].shape, kept[name].dtype):
            raise ValueError(f"{name} has another shape or dtype")
        weight.data.copy_(kept[name])


def _restore(callback: TrainerCallback, state: State) -> None:
    if isinstance(callback, ExportableState):
        for name, value in state["attributes"].items():
            setattr(callback, name, value)
    else:
        callback.restore(state)

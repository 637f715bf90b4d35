"""The diagnostics of a training: they look at the model before it, after every step and at its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from harness import diagnostics
from harness.diagnostics import Diagnostic
from harness.execution.clock import Clock
from harness.methods.batches import Batch
from harness.spec.records import DiagnosticRequest, Experiment, Recipe
from harness.training import Trained
from harness.training.state import UnkeptStateError


@dataclass(frozen=True, slots=True)
class Checks:
    """The diagnostics of a training; what those take that the spec names is counted apart."""

    every: Sequence[Diagnostic]
    asked: frozenset[str]
    clock: Clock

    @classmethod
    def of(cls, requests: Sequence[DiagnosticRequest] | None, clock: Clock) -> "Checks":
        """Return those of every training and those that are asked for; None where another process looks."""
        every = () if requests is None else diagnostics.diagnostics_of(requests)
        return cls(every, frozenset(each.name for each in requests or ()), clock)

    def took(self, name: str, seconds: float) -> None:
        """Count what one took, where the spec names it."""
        if name in self.asked:
            self.clock.credit(f"measure {name}", seconds)

    def begin(
        self,
        model: PreTrainedModel,
        batch: Batch,
        *,
        experiment: Experiment,
        whole: Recipe,
        recipe: Recipe,
        tokenizer: PreTrainedTokenizerBase,
    ) -> None:
        """Let each look at the model before it is adapted by `recipe`, which is `whole` or one of its stages."""
        diagnostics.begin(self.every, experiment, whole, recipe, tokenizer, took=self.took)
        for check in self.every:
            with diagnostics.timed(check, self.took):
                check.before(model, batch)

    def watching(self, model: nn.Module) -> tuple["AfterStep", ...]:
        """Return what calls those that look at every step."""
        watching = [check for check in self.every if check.watches_steps()]
        return (AfterStep(watching, model),) if watching else ()

    def without(self, trained: Trained, watching: Sequence["AfterStep"]) -> Trained:
        """Return what was trained without the seconds that they took of it."""
        for each in watching:
            for name, seconds in each.took.items():
                self.took(name, seconds)
                trained = replace(trained, seconds=trained.seconds - seconds)
        return trained


class AfterStep(TrainerCallback):
    """Calls diagnostics after every optimizer step; `took` are the seconds of each, which are no time of training."""

    def __init__(self, watching: Sequence[Diagnostic], model: nn.Module) -> None:
        self._watching = watching
        self._model = model
        self.took: dict[str, float] = dict.fromkeys((each.name for each in watching), 0.0)

    def state(self) -> dict[str, Any]:
        """Return what each has noted so far. Raises `UnkeptStateError` where one cannot tell."""
        noted = {each.name: each.state() for each in self._watching}
        for name, state in noted.items():
            if state is None:
                raise UnkeptStateError(
                    f"the diagnostic {name} cannot say what it has noted, with `state` and `restore`"
                )
        return {"noted": list(noted.values()), "took": self.took}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Let each go on from there."""
        self.took = dict(state["took"])
        for each, noted in zip(self._watching, state["noted"], strict=True):
            each.restore(noted)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Mapping[str, Any]
    ) -> None:
        """Let each look at the model."""
        del args, control, kwargs
        for each in self._watching:
            with diagnostics.timed(each, self._note):
                each.during(self._model, state.global_step)

    def _note(self, name: str, seconds: float) -> None:
        self.took[name] += seconds

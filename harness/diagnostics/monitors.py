"""A training looked at while it goes on, so that a failure is said with its remedy before the training is over."""

import logging
import math
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from harness.codec import decode, encode
from harness.diagnostics._base import Diagnostic, ProbeRequest, Probes, Subject
from harness.diagnostics.rank import ModuleRank, effective_ranks
from harness.diagnostics.signs import Limits, signs
from harness.measured import EarlyWarning, Look, Monitored
from harness.methods._base import Adapted
from harness.methods.batches import Batch
from harness.model.modes import evaluation_mode
from harness.model.precision import computing
from harness.records import Measurement
from harness.spec.records import Recipe, Role

_log = logging.getLogger(__name__)


class Monitors(Diagnostic):
    """Effective rank, losses on rows that train and rows that do not, a small guard, and the gradient's norm.

    They are taken before training, after `every` so many steps and at the end, on `rows` validation rows (0: none) and
    `items` of each guard suite (0: none), and of each out of domain where `outside` says how much worse is a sign. The
    other options are `Limits` too. A sign of a failure goes to the run's log at once. Its one number is how many signs
    there were.
    """

    name = "monitors"

    def __init__(self, every: int = 10, rows: int = 16, items: int = 16, **limits: Any) -> None:
        self._every, self._limits = every, Limits(**limits)
        self._roles: tuple[Role, ...] = ("guard",) if self._limits.outside is None else ("guard", "out_of_domain")
        self._request = ProbeRequest(items=0, held_out=rows, scored=items, roles=self._roles)
        self._probes = Probes()
        self._batch: Batch = {}
        self._id = ""
        self._recipe: Recipe | None = None
        self._declared: float | None = None
        self._looks: list[Look] = []
        self._said: tuple[EarlyWarning, ...] = ()

    def asks_for(self) -> ProbeRequest:
        """Return how many rows and items."""
        return self._request

    def begin(self, whole: Recipe, recipe: Recipe, probes: Probes) -> None:
        """Keep them, and the recipe that trains."""
        self._id, self._recipe, self._probes = whole.id, recipe, probes

    def before(self, model: nn.Module, batch: Batch) -> None:
        """Look at the base."""
        self._batch = batch
        self._looks = [self._look(model, 0)]

    def during(self, model: nn.Module, step: int) -> None:
        """Look again, and say what is new."""
        if step % self._every == 0:
            self._looks.append(self._look(model, step))
            self._say()

    def state(self) -> dict[str, Any]:
        """Return the looks so far, and what was said of them."""
        return {"declared": self._declared, "looks": encode(self._looks), "said": encode(self._said)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there; what was said is not said again."""
        self._declared = state["declared"]
        self._looks = [decode(Look, each) for each in state["looks"]]
        self._said = tuple(decode(EarlyWarning, each) for each in state["said"])

    def after(self, subject: Subject) -> Measurement:
        """Look at the end, unless that was the last look; early stopping has put other weights back."""
        trained = subject.trained
        if self._looks[-1].step != trained.steps or trained.best_step is not None:
            self._looks.append(self._look(subject.adapted.model, trained.steps))
            self._say()
        found = Monitored(every=self._every, declared=self._declared, looks=tuple(self._looks), warnings=self._said)
        return Measurement(name=self.name, value=float(len(self._said)), details=encode(found))

    def _say(self) -> None:
        lower = self._probes.lower_is_better
        found = signs(self._looks, self._limits, declared=self._declared, lower_is_better=lower)
        for each in found:
            if each.sign not in {said.sign for said in self._said}:
                _log.warning("early warning: %s after step %d: %s. %s", self._id, each.step, each.seen, each.remedy)
        self._said = found

    def _look(self, model: PreTrainedModel, step: int) -> Look:
        ranks = self._ranks(model) if step else ()
        if ranks:
            self._declared = _mean([each.declared for each in ranks])
        held_out, score = self._probes.held_out, self._probes.score
        scores = {} if score is None else {role: score(model, role) for role in self._roles}
        return Look(
            step=step,
            train=loss(model, self._batch),
            held_out=None if held_out is None else loss(model, held_out),
            guard=scores.get("guard", {}),
            outside=scores.get("out_of_domain", {}),
            rank=_mean([each.effective for each in ranks]) if ranks else None,
            gradient=gradient_norm(model, self._batch) if step else None,
        )

    def _ranks(self, model: PreTrainedModel) -> tuple[ModuleRank, ...]:
        assert self._recipe is not None
        return effective_ranks(Adapted.of(model, self._recipe, ()))


def loss(model: PreTrainedModel, batch: Batch) -> float | None:
    """Return the loss in nats a completion token, without dropout; None where it is not finite."""
    with torch.no_grad(), evaluation_mode(model), computing(model):
        return _finite(float(model(**_on(model, batch)).loss))


def gradient_norm(model: PreTrainedModel, batch: Batch) -> float | None:
    """Return the norm of the loss's gradient by all that trains, which is kept nowhere; None where it is not finite."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    with torch.enable_grad(), evaluation_mode(model), computing(model):
        found = torch.autograd.grad(model(**_on(model, batch)).loss, weights, allow_unused=True)
    squares = [float(each.float().square().sum()) for each in found if each is not None]
    return _finite(math.sqrt(sum(squares)))


def _on(model: PreTrainedModel, batch: Batch) -> Batch:
    device = next(model.parameters()).device
    return {name: each.to(device) for name, each in batch.items()}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _mean(values: list[int] | list[float]) -> float:
    return sum(values) / len(values)

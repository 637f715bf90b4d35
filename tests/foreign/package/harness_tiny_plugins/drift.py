"""How far a model's predictions move away from the base's while it trains."""

import torch
from torch.nn.functional import kl_div, log_softmax

from harness.diagnostics import Diagnostic, logits
from harness.records import Measurement


class Drift(Diagnostic):
    """The Kullback-Leibler divergence of the next token from the base's, in nats, on the batch that is looked at.

    It is taken `every` so many steps and at the end, where more than the `limit` is a mark against the run.
    """

    name = "drift"

    def __init__(self, every=10, limit=None):
        self._every, self._limit = every, limit
        self._steps, self._divergences = [], []

    def before(self, model, batch):
        self._batch = batch
        self._base = log_softmax(logits(model, batch), dim=-1)

    def during(self, model, step):
        if step % self._every == 0:
            self._steps.append(step)
            self._divergences.append(self._divergence(model))

    def state(self):
        return {"steps": self._steps, "divergences": self._divergences}

    def restore(self, state):
        self._steps, self._divergences = state["steps"], state["divergences"]

    def after(self, subject):
        last = self._divergence(subject.adapted.model)
        course = {"steps": torch.tensor(self._steps), "divergences": torch.tensor(self._divergences)}
        return Measurement(
            name=self.name,
            passed=None if self._limit is None else last <= self._limit,
            value=last,
            details={"every": self._every},
            arrays=subject.store(self.name, course),
        )

    @classmethod
    def across(cls, cells):
        if not cells:
            return {}
        largest = max(cells, key=lambda cell: cell.result.training.measurements[cls.name].value)
        value = largest.result.training.measurements[cls.name].value
        return {"largest_drift": Measurement(name="largest_drift", value=value, details={"cell": largest.folder.name})}

    def _divergence(self, model):
        now = log_softmax(logits(model, self._batch), dim=-1)
        return float(kl_div(now, self._base, log_target=True, reduction="batchmean"))

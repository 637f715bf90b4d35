"""How scores go along a training: at steps that were declared before it, and on the straight way of its weights."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness.codec import JSON, decode, encode
from harness.diagnostics._base import Diagnostic, ProbeRequest, Probes, Subject
from harness.errors import RecipeError
from harness.measured import Path, Point
from harness.methods._base import Adapted
from harness.methods.batches import Batch
from harness.methods.store import merge
from harness.methods.traits import traits
from harness.records import Measurement
from harness.spec.records import Experiment, Recipe, Role

LINE = (0.0, 0.25, 0.5, 0.75, 1.0)


class TrainingPath(Diagnostic):
    """Scores at checkpoints, and along the line between the weights before and after (Goodfellow et al. 2015).

    `steps` are those after which the suites of `roles` are scored, on at most `items` each. `line` are shares of the
    straight way from the base's weights to the tuned ones, an adapter's merged; empty leaves it out. It has no one
    number.
    """

    name = "training_path"

    def __init__(
        self,
        steps: Sequence[int] = (),
        line: Sequence[float] = LINE,
        items: int = 32,
        roles: Sequence[Role] = ("in_domain", "out_of_domain"),
    ) -> None:
        self._steps, self._line, self._roles = tuple(steps), tuple(line), tuple(roles)
        self._request = ProbeRequest(items=0, scored=items, roles=self._roles)
        self._probes = Probes()
        self._reason: str | None = None
        self._base: dict[str, Tensor] = {}
        self._checkpoints: list[Point] = []

    def check(self, experiment: Experiment, config: Mapping[str, Any] | None) -> Iterator[str]:
        """Refuse steps after the end of training, and a line for recipes that leave the weights as they are."""
        del config
        for recipe in experiment.recipes:
            for part in recipe.parts:
                yield from self._too_late(experiment, recipe, part.trained)
            if self._line:
                yield from (
                    f"{recipe.id} has no line: {why}. Set `options.line` to [], or leave the recipe out."
                    for why in _without_line(recipe)
                )

    def asks_for(self) -> ProbeRequest:
        """Return which items are scored."""
        return self._request

    def begin(self, whole: Recipe, recipe: Recipe, probes: Probes) -> None:
        """Keep what scores."""
        del recipe
        self._probes = probes
        self._reason = next(_without_line(whole), None)

    def before(self, model: nn.Module, batch: Batch) -> None:
        """Copy the base's weights, where there is a line."""
        del batch
        if self._line and self._reason is None:
            self._base = {name: weight.detach().cpu().clone() for name, weight in model.named_parameters()}

    def during(self, model: nn.Module, step: int) -> None:
        """Score a checkpoint."""
        if step in self._steps:
            self._checkpoints.append(self._point(step, model))

    def state(self) -> JSON:
        """Return the scores so far."""
        return encode(self._checkpoints)

    def restore(self, state: list[JSON]) -> None:
        """Go on from there."""
        self._checkpoints = [decode(Point, each) for each in state]

    def after(self, subject: Subject) -> Measurement:
        """Score along the line."""
        line: tuple[Point, ...] = ()
        if self._line and self._reason is None:
            try:
                line = tuple(self._along(subject.adapted))
            except RecipeError as error:  # a plug-in's method tells when it is asked to merge, and no sooner
                self._reason = str(error)
        reached = {point.at for point in self._checkpoints}
        found = Path(
            items=self._request.scored,
            checkpoints=tuple(self._checkpoints),
            missed=tuple(step for step in self._steps if step not in reached),
            line=line,
            reason=self._reason if self._line else None,
        )
        return Measurement(name=self.name, details=encode(found))

    def _too_late(self, experiment: Experiment, recipe: Recipe, trained: Recipe) -> Iterator[str]:
        end = experiment.training_of(trained).get("max_steps")
        late = [step for step in self._steps if isinstance(end, int) and 0 < end < step]
        if late and trained.compute is None:
            steps = ", ".join(map(str, late))
            yield (
                f"{recipe.id} has no checkpoint {steps}: it trains {end} steps. Name steps up to {end}, or raise "
                "`training.max_steps`; a longer training is another one, and starts anew."
            )

    def _along(self, adapted: Adapted) -> Iterator[Point]:
        """Yield the scores of a copy of the model at each share of the way."""
        model = copy.deepcopy(adapted.model) if traits(adapted.recipe).trains_base_weights else merge(adapted)
        _unbind(model)
        weights = dict(model.named_parameters())
        ends = {name: weight.detach().clone() for name, weight in weights.items() if _moved(weight, self._base[name])}
        for share in self._line:
            with torch.no_grad():
                for name, end in ends.items():
                    weights[name].copy_(torch.lerp(self._base[name].to(end), end, share))
            yield self._point(share, model)

    def _point(self, at: float, model: PreTrainedModel) -> Point:
        score = self._probes.score
        assert score is not None
        return Point(at=at, scores={task: one for role in self._roles for task, one in score(model, role).items()})


def _without_line(recipe: Recipe) -> Iterator[str]:
    """Yield why there is no straight way between a recipe's weights."""
    for part in recipe.parts:
        if not (traits(part.recipe).trains_base_weights or traits(part.recipe).merges):
            yield "what it trains changes no weights of the model"
            return
    if any(stage.then == "keep" for stage in recipe.parts):
        yield "an adapter that is kept beside another is merged with it alone"
    if recipe.base_quantization is not None:
        yield "quantized weights lie on no straight line"


def _unbind(model: nn.Module) -> None:
    """Give a copy the forward of its class: one that a trainer put there is bound to the model that was copied."""
    for module in model.modules():
        module.__dict__.pop("forward", None)


def _moved(weight: Tensor, before: Tensor) -> bool:
    return not torch.equal(weight.detach().cpu(), before)

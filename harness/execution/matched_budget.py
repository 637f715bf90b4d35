"""How many steps a recipe trains that is to spend as much as another (Aletheia's compute-matched variant).

The number is settled before training, so that the learning rate's schedule fits it.
"""

import time

from harness.errors import RecipeError
from harness.execution.course import Course
from harness.execution.unit import ReferenceBudget
from harness.methods._base import Adapted
from harness.methods.dispatch import training_flops
from harness.methods.traits import traits
from harness.plan.batch import examples_a_step
from harness.training import train

PILOT = 8
WARMUP = 3
"""Steps of the pilot, and how many of them are too early to time."""


def steps_for_flops(budget: ReferenceBudget, adapted: Adapted, course: Course) -> int:
    """Return the number of steps whose estimated operations are those of the budget."""
    an_example = budget.tokens / budget.steps / budget.rows + traits(adapted.recipe).added_tokens
    return _whole(budget.flops / (training_flops(adapted) * an_example * examples_a_step(course.fields)))


def steps_for_time(budget: ReferenceBudget, adapted: Adapted, course: Course) -> int:
    """Return the number of steps that take the budget's time, on this machine and with what is probed before them.

    A few steps are timed for it, which train `adapted`: give it a model of its own.
    """
    times: list[float] = []
    short = {**course.fields, "max_steps": PILOT}
    train(
        adapted,
        course.tokenizer,
        course.rows,
        short,
        seed=course.seed,
        device=course.device,
        dtype=course.dtype,
        on_step=lambda *_: times.append(time.perf_counter()),
        padding_free=course.padding_free,
        rows_at_once=course.rows_at_once,
        prefix=course.prefix_of(adapted),
    )
    a_step = (times[-1] - times[WARMUP - 1]) / (len(times) - WARMUP)
    return _whole((budget.seconds - sum(probe.seconds for probe in adapted.probes)) / a_step)


def _whole(steps: float) -> int:
    if steps < 1:
        raise RecipeError(
            f"the compute to be matched is {steps:.2f} steps of this recipe. Match a recipe that trains longer."
        )
    return round(steps)

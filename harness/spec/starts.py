"""The `start` of recipes: whether the arm that each names has an adapter for it."""

from collections.abc import Iterator, Mapping

from harness.errors import Problem
from harness.spec.document import Located
from harness.spec.recipe import ReadRecipe
from harness.spec.suggest import nearest


def start_problems(document: Located, recipes: Mapping[str, ReadRecipe]) -> Iterator[Problem]:
    """Yield which recipes start from an arm that the experiment has not, or that holds no adapters."""
    arms = document.value.get("arms") or {}
    for name, read in recipes.items():
        start = read.recipe.start
        if start is None:
            continue
        if start.arm not in arms:
            message = f"{name} starts from the arm {start.arm!r}, which is not among the experiment's arms"
            remedy = f"{nearest(start.arm, arms)} Declare where the adapter lies: "
            remedy += f'"arms": {{"{start.arm}": {{"adapters": ["./folder"]}}}}.'
            yield read.document.problem(("start", "arm"), message, remedy)
        elif "adapters" not in arms[start.arm]:
            message = f"{name} starts from the arm {start.arm!r}, which holds whole models"
            remedy = "An adapter is continued or merged; a whole model is the `model` of an experiment of its own."
            yield read.document.problem(("start", "arm"), message, remedy)

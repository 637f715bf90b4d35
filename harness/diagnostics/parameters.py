"""Whether every module that should be adapted trains, and as many parameters as the shapes say."""

from dataclasses import replace

from harness.diagnostics._base import Diagnostic, Subject
from harness.methods._base import Adapted, base_of
from harness.methods.dispatch import method_of
from harness.methods.dry_run import describe
from harness.methods.traits import traits
from harness.records import Measurement
from harness.spec.records import Layers


class ModulesAdapted(Diagnostic):
    """Every module of the recipe holds a weight that trains."""

    name = "modules_adapted"

    def after(self, subject: Subject) -> Measurement:
        """Look at each module."""
        return modules_adapted(subject.adapted)


class TrainableAsExpected(Diagnostic):
    """As many parameters train as the method's formula, or the same recipe on bare shapes, says."""

    name = "trainable_as_expected"

    def after(self, subject: Subject) -> Measurement:
        """Count."""
        return trainable_as_expected(subject.adapted)


def modules_adapted(adapted: Adapted) -> Measurement:
    """See that each of the recipe's modules holds a weight that trains; nothing to see for virtual tokens."""
    if not adapted.modules:
        return Measurement(name="modules_adapted", passed=None)
    find = base_of(adapted.model).get_submodule
    idle = [name for name in adapted.modules if not any(w.requires_grad for w in find(name).parameters())]
    return Measurement(
        name="modules_adapted", passed=not idle, details={"adapted": len(adapted.modules) - len(idle), "idle": idle}
    )


def trainable_as_expected(adapted: Adapted) -> Measurement:
    """Compare the count with the method's formula or, without one, with the same recipe on bare shapes.

    Does not apply where data spread the ranks and there is no formula.
    """
    expected, by = method_of(adapted.recipe).expected_parameters(adapted), "formula"
    if expected is None:
        expected, by = _on_shapes(adapted), "shapes"
    details = {"counted": adapted.trainable, "expected": expected, "by": by}
    passed = None if expected is None else expected == adapted.trainable
    return Measurement(name="trainable_as_expected", passed=passed, details=details)


def _on_shapes(adapted: Adapted) -> int | None:
    recipe = replace(adapted.recipe, match=None)  # what it came to is in the recipe
    if traits(recipe).starts_from_data:
        return None
    if recipe.layers.strategy != "all":
        recipe = replace(recipe, layers=Layers(strategy="list", indices=adapted.layers))
    return describe(recipe, adapted.model.config.to_dict()).trainable

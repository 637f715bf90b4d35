"""Whether every module that should be adapted trains."""

from collections.abc import Callable

from peft import PeftModel
from torch import nn

from harness.adaptation.adapted import Adapted
from harness.records import Measurement


def modules_adapted(adapted: Adapted) -> Measurement:
    """See that each of the recipe's modules holds a weight that trains; nothing to see for virtual tokens."""
    if not adapted.modules:
        return Measurement(name="modules_adapted", passed=None)
    find = _finder(adapted.model)
    idle = [name for name in adapted.modules if not any(w.requires_grad for w in find(name).parameters())]
    return Measurement(
        name="modules_adapted", passed=not idle, details={"adapted": len(adapted.modules) - len(idle), "idle": idle}
    )


def _finder(model: nn.Module) -> Callable[[str], nn.Module]:
    base: nn.Module = model.get_base_model() if isinstance(model, PeftModel) else model
    return base.get_submodule

"""Trackers that a spec reports to and that are not installed: said before anything is trained."""

from importlib.util import find_spec

from harness.errors import UsageError
from harness.spec.records import Experiment

_MODULES = {"tensorboard": ("tensorboard", "tensorboardX")}


def check_trackers(experiment: Experiment) -> None:
    """Raise `UsageError` with every tracker of ``execute.report_to`` that is not installed."""
    asked = experiment.execute.report_to
    lacking = [name for name in asked if not any(map(find_spec, _MODULES.get(name, (name,))))]
    if lacking:
        raise UsageError(
            f"execute.report_to names what is not installed: {', '.join(lacking)}. `pip install {' '.join(lacking)}` "
            "brings it; without the field a run reports to its folder alone."
        )

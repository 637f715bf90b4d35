"""Which device each cell of a run has, and what its process sees of the machine's."""

import os

from harness.preflight.prepared import Prepared
from harness.spec.records import Experiment


def device_of_cells(experiment: Experiment, prepared: Prepared, place: int = 0) -> str:
    """Return the device of the cells at a place: the one that is declared, else what preparing found.

    Where there are several accelerators and none of them is named, each place has its own, or a launch all of them.
    """
    device = experiment.execute.device or prepared.device
    alone = prepared.devices == 1 or experiment.execute.launch is not None
    return f"{device}:{place}" if device == "cuda" and not alone else device


def all_accelerators(experiment: Experiment, prepared: Prepared) -> dict[str, str]:
    """Return the variables by which the processes of a launch see every accelerator, none without a launch on them."""
    if experiment.execute.launch is None or prepared.device != "cuda":
        return {}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(map(str, range(prepared.devices)))
    return {"CUDA_VISIBLE_DEVICES": visible}

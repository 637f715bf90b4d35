"""Where a training is reported to besides the run folder: through transformers' own integrations, under our names."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.surroundings import with_variables

_ENDS = {"trackio": "finish", "wandb": "finish", "mlflow": "end_run"}
"""What ends a tracker's run, by module: a worker leaves without Python's own end, and a stage is a run of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """One training as trackers know it: the experiment is their project, and `run` their run's name.

    TensorBoard's files go below `folder`, a folder a run.
    """

    report_to: tuple[str, ...]
    project: str
    recipe: str
    seed: int
    run: str
    folder: Path

    def arguments(self) -> dict[str, Any]:
        """Return SFTConfig's fields. trackio would publish a page of a run that ends, and is not to."""
        return {
            "report_to": list(self.report_to),
            "project": self.project,
            "run_name": self.run,
            "trackio_static_space_id": False,
        }

    def environment(self) -> Mapping[str, str]:
        """Return what integrations read from the environment; what a user set there stands."""
        tags = {"grid": self.project, "recipe": self.recipe, "seed": str(self.seed)}
        named = {
            "WANDB_PROJECT": self.project,
            "WANDB_RUN_GROUP": self.recipe,
            "MLFLOW_EXPERIMENT_NAME": self.project,
            "MLFLOW_TAGS": json.dumps(tags),
        }
        folder = Path(os.environ.get("TENSORBOARD_LOGGING_DIR", self.folder)).expanduser() / self.run
        return {**named, **{name: os.environ[name] for name in named if name in os.environ}} | {
            "TENSORBOARD_LOGGING_DIR": str(folder)
        }


@contextmanager
def reported(reporting: Reporting | None) -> Iterator[None]:
    """Name the training in the environment while the block runs, and end the trackers' runs after it."""
    if reporting is None:
        yield
        return
    with with_variables(reporting.environment()):
        try:
            yield
        finally:
            for module, end in _ENDS.items():
                if module in reporting.report_to and module in sys.modules:
                    getattr(sys.modules[module], end)()

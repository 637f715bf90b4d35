"""What cannot be trained is found before anything is, whatever it was declared in."""

from dataclasses import replace

import pytest

from harness.errors import HarnessError
from harness.preflight.incompatibilities import check_recipes
from harness.spec import load


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("optim", "adamm", "adamm is not a valid OptimizerNames"),
        ("lr_scheduler_type", "cosinus", "cosinus is not a valid SchedulerType"),
        ("per_device_train_batch_size", 0, "per_device_train_batch_size is 0, with which nothing is trained"),
        ("max_steps", 0, "max_steps is 0, with which nothing is trained"),
    ],
)
def test_training_fields_that_cannot_work_are_refused_before_training(tiny_spec, field, value, words):
    experiment = load(tiny_spec)
    experiment = replace(experiment, training={**experiment.training, field: value})
    with pytest.raises(HarnessError, match=f"lora--tiny: training.*{words}"):
        check_recipes(experiment, experiment.model.config, "cpu")

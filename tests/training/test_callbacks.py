"""What stops a run, and what a gradient scaler may do without stopping it."""

import math

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from harness.errors import TrainingError
from harness.training.callbacks import Watch


def log(tmp_path, *, fp16=False, **logs):
    watch = Watch(lambda *_: None)
    args = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    args.fp16 = fp16  # setting it on construction asks for a GPU
    watch.on_log(args, TrainerState(global_step=1, max_steps=2), TrainerControl(), logs)
    return watch


@pytest.mark.parametrize("name", ["loss", "grad_norm", "eval_loss"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_none_stops_the_run(tmp_path, name, value):
    with pytest.raises(TrainingError, match=f"the {name} was {value} at step 1 of 2") as stopped:
        log(tmp_path, **{"loss": 1.0, name: value})
    assert stopped.value.kind == "non_finite_loss"


def test_steps_that_a_gradient_scaler_skips_do_not(tmp_path):
    assert log(tmp_path, fp16=True, loss=1.0, grad_norm=math.inf).losses == [1.0]
    with pytest.raises(TrainingError):
        log(tmp_path, fp16=True, loss=math.nan)

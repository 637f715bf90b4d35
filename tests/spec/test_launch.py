"""A launch's config is read into the spec, wherever it stands, and what does not go with it is said at once."""

import pytest

from harness.errors import SpecError
from harness.plan.identity import trained_cell
from harness.spec import load, lock, unlock
from harness.spec.launch import identity_of, processes_of
from harness.spec.locked import comparable
from helpers.contents import CONTENT

AS_ACCELERATE_WRITES = """compute_environment: LOCAL_MACHINE
debug: false
distributed_type: MULTI_GPU
downcast_bf16: 'no'
enable_cpu_affinity: false
gpu_ids: all
machine_rank: 0
main_training_function: main
mixed_precision: 'no'
num_machines: 1
num_processes: 4
rdzv_backend: static
same_network: true
tpu_env: []
tpu_use_cluster: false
tpu_use_sudo: false
use_cpu: false
"""
ON_CPU = {"distributed_type": "MULTI_CPU", "num_processes": 2}


@pytest.fixture
def launched(spec, write):
    """Return a function that loads the spec with an `execute` block."""

    def launched(**execute):
        spec["execute"] = execute
        return load(write(spec))

    return launched


def problems(launched, **execute):
    with pytest.raises(SpecError) as refused:
        launched(**execute)
    return {each.path: str(each) for each in refused.value.problems}


def test_the_file_that_accelerate_writes_is_read_into_the_spec(launched, tmp_path):
    (tmp_path / "ddp.yaml").write_text(AS_ACCELERATE_WRITES)
    experiment = launched(launch="accelerate", config="ddp.yaml")
    assert processes_of(experiment.execute) == 4
    assert unlock(lock(experiment)) == experiment
    assert comparable(experiment)["spec"]["execute"]["config"]["num_processes"] == 4
    decides = {"launcher": "accelerate", "distributed_type": "MULTI_GPU", "num_processes": 4, "use_cpu": False}
    assert identity_of(experiment.execute) == decides


def test_the_processes_that_train_are_part_of_a_cell_and_ports_are_not(launched):
    alone, two, moved, three = (
        launched(**execute)
        for execute in (
            {},
            {"launch": "accelerate", "config": ON_CPU},
            {"launch": "accelerate", "config": {**ON_CPU, "main_process_port": 29501}},
            {"launch": "accelerate", "config": {**ON_CPU, "num_processes": 3}},
        )
    )
    ids = [trained_cell(each, each.recipes[0], 1, CONTENT).id for each in (alone, two, moved, three)]
    assert ids[1] == ids[2]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("execute", "path", "words"),
    [
        ({"launch": "torchrun", "config": ON_CPU}, "launch", '"torchrun" is not a launcher'),
        ({"launch": "accelerate"}, "", "`config` is missing"),
        ({"launch": "accelerate", "config": "none.yaml"}, "config", "none.yaml cannot be read: No such file"),
        ({"launch": "accelerate", "config": "list.yaml"}, "config", "it does not hold settings"),
        ({"launch": "accelerate", "config": "broken.yaml"}, "config", "broken.yaml cannot be read: "),
        ({"launch": "accelerate", "config": {**ON_CPU, "num_processes": 1}}, "config.num_processes", "at least 2"),
        ({"launch": "accelerate", "config": {**ON_CPU, "num_machines": 2}}, "config.num_machines", "at most 1"),
        ({"launch": "accelerate", "config": {**ON_CPU, "deepspeed_config": {}}}, "config.deepspeed_config", "unknown"),
        (
            {"launch": "accelerate", "config": {**ON_CPU, "distributed_type": "FSDP"}},
            "config.distributed_type",
            '"FSDP" is not a kind of launch. Known: MULTI_CPU, MULTI_GPU',
        ),
        ({"launch": "accelerate", "config": {**ON_CPU, "mixed_precision": "bf16"}}, "config.mixed_precision", "bf16"),
        ({"launch": "accelerate", "config": ON_CPU, "workers": 2}, "workers", "takes all devices for one cell"),
        ({"launch": "accelerate", "config": ON_CPU, "kind": "ray"}, "launch", "places a cell on one device"),
        ({"launch": "accelerate", "config": ON_CPU, "device": "cuda:1"}, "device", "the config launches on cpu"),
    ],
)
def test_what_a_launch_cannot_be_is_refused(launched, tmp_path, execute, path, words):
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    found = problems(launched, **execute)
    assert list(found) == [f"$.execute{'.' if path else ''}{path}"]
    assert words in found[f"$.execute{'.' if path else ''}{path}"]


def test_time_is_not_matched_by_processes_that_would_time_different_steps(spec, launched, write):
    timed = {"extends": "lora--last-half", "compute": {"recipe": "full--default", "measure": "time"}}
    write(timed, "adapters/lora--timed.json")
    spec["recipes"] = ["full--default", "lora--timed"]
    spec["comparison"]["candidates"] = ["lora--timed"]
    assert "lora--timed trains as long as" in problems(launched, launch="accelerate", config=ON_CPU)["$.execute.launch"]

"""Records of cells as a run would hold them, for tests that only read them."""

from harness.records import (
    CellResult,
    Costs,
    DatasetInfo,
    MetaInfo,
    ModelInfo,
    RunInfo,
    SystemInfo,
    TrainRecord,
)

META = MetaInfo(
    model_info=ModelInfo(sha256="0", dtype="float32"),
    dataset_info=DatasetInfo(sha256="1"),
    package_info={"harness": "0.1.0"},
    system_info=SystemInfo(python="3.11", machine="x86_64", system="Linux", device="cpu", threads=1),
)


def training(**changes):
    """What a training of two steps did."""
    fields = {
        "num_trainable_params": 1234,
        "num_total_params": 10000,
        "layers": (0, 1),
        "modules": 2,
        "train_time": 20.0,
        "steps": 2,
        "examples": 4,
        "tokens": 1000,
        "losses": (2.0, 1.0),
        "total_flos": 1.0,
        "flops": 1.0,
        "order": ("a", "b"),
        "footprint": 3 * 2**20,
        "start_sha256": "2",
    }
    return TrainRecord(**{**fields, **changes})


def cell_result(cell, *, train_info=None, costs=None, **fields):
    """A finished cell; the base's where no training is given."""
    return CellResult(
        cell=cell,
        run_info=RunInfo(experiment_name=cell.id, seed=cell.seed),
        train_info=train_info,
        meta_info=META,
        costs=costs or Costs(seconds={"train": 3.0, "evaluate": 1.0}, rss_max=2**30, file_size=2**20),
        **fields,
    )

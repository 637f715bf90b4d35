"""Ways in which a training fits the devices of a node, with the bytes that each of them holds.

Three kinds, after Rajbhandari et al. 2020 (arXiv 1910.02054, section 5), for n devices:

- one device holds weights, gradients and AdamW's moments whole, and the activations of the rows that it reads at once;
- data parallel, each of n holds all of that for its own rows, and the buckets in which gradients are exchanged, as
  large as the gradients (PyTorch's `DistributedDataParallel`, of which ``gradient_as_bucket_view`` is off);
- sharded (ZeRO stage 3, FSDP), each of n holds an nth of weights, gradients and moments. A layer's weights are
  gathered before it computes, and its gradients are whole until they are dealt out: Zhao et al. 2023 (arXiv 2304.11277,
  section 3) bound this by the largest unit. Counted are what lies outside the layers, which stays gathered between
  both passes, and two layers, one at work and one fetched ahead; of what lies outside and of one layer the gradients.

Rows at once are halved first, which costs no operations, and then activations are computed again in the backward pass.
Of what scoring takes nothing is said: it halves its batches by itself.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from harness.codec import JSON
from harness.plan.batch import halves
from harness.plan.costs import Estimate, TrainingMemory
from harness.plan.nodes import Node, Nodes
from harness.spec.records import Experiment

Kind = Literal["one device", "data parallel", "sharded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A recipe's training on a node: processes, settings, and the bytes that each of its devices holds of what.

    `rows` are read at once on each device, `accumulation` times a step. `moments` are with the copy that early stopping
    keeps. `exchanged` is what lies whole beside an own
    part: buckets of gradients, or gathered layers. `room` is a device's memory. `config` is the file of accelerate's
    that it would use, None of one process. `offered` tells whether a run takes it.
    """

    recipe: str
    node: str
    kind: Kind
    processes: int
    rows: int
    accumulation: int
    checkpointing: bool
    libraries: int
    weights: int
    gradients: int
    moments: int
    activations: int
    exchanged: int
    room: int
    config: Mapping[str, JSON] | None = None
    offered: bool = True

    @property
    def taken(self) -> int:
        """Bytes that a device holds in all."""
        parts = (self.weights, self.gradients, self.moments, self.activations, self.exchanged)
        return self.libraries + sum(parts)

    @property
    def fits(self) -> bool:
        """Whether a device has that memory."""
        return self.taken <= self.room


def ways_on(experiment: Experiment, estimate: Estimate, nodes: Nodes) -> tuple[Way, ...]:
    """Return for each node and recipe a way of each kind: with the mildest settings that fit, or else the hardest.

    Sharded is asked for only where one device is too small.
    """
    launcher = _Launcher(experiment.model.dtype, estimate.layer_class)
    asked = largest_trainings(estimate).values()
    return tuple(way for node in nodes.nodes for each in asked for way in _ways(each, node, launcher))


def described(way: Way) -> dict[str, Any]:
    """Return a way as JSON, with what it takes in all and whether it fits."""
    return asdict(way) | {"taken": way.taken, "fits": way.fits}


def largest_trainings(estimate: Estimate) -> dict[str, TrainingMemory]:
    """Return by recipe the training that asks for most, of one in stages the largest stage."""
    by_size = sorted(estimate.trainings, key=TrainingMemory.bytes_with)
    largest = {each.recipe: each for each in by_size}
    return {name: largest[name] for name in dict.fromkeys(each.recipe for each in estimate.trainings)}


def in_half(asked: TrainingMemory) -> int:
    """Return the bytes of a training, one row at once, whose weights, gradients and moments all have 16 bits.

    8 bytes a weight that trains instead of 16; no run does that, since small updates are lost in it.
    """
    trained = asked.gradients // 2
    held = asked.base + 3 * trained + (0 if asked.trains_base else trained)
    return round(asked.libraries + held + asked.a_row)


@dataclass(frozen=True, slots=True)
class _Launcher:
    """What accelerate is told of a training: the dtype of products, and the class of the layers that are sharded."""

    dtype: str
    layer: str

    def config(self, kind: Kind, processes: int, *, again: bool) -> dict[str, JSON] | None:
        if kind == "one device":
            return None
        if kind == "data parallel":
            return {"distributed_type": "MULTI_GPU", "num_processes": processes}
        sharding: dict[str, JSON] = {
            "fsdp_version": 2,
            "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "fsdp_transformer_layer_cls_to_wrap": self.layer,
            "fsdp_reshard_after_forward": True,
            "fsdp_offload_params": False,
            "fsdp_cpu_ram_efficient_loading": True,
            "fsdp_state_dict_type": "SHARDED_STATE_DICT",
            "fsdp_activation_checkpointing": again,
        }
        precision = {"bfloat16": "bf16", "float16": "fp16"}.get(self.dtype, "no")
        return {
            "compute_environment": "LOCAL_MACHINE",
            "distributed_type": "FSDP",
            "fsdp_config": sharding,
            "mixed_precision": precision,
            "num_machines": 1,
            "num_processes": processes,
        }


def _ways(asked: TrainingMemory, node: Node, launcher: _Launcher) -> Iterator[Way]:
    alone = _mildest(asked, node, launcher, "one device", 1)
    yield alone
    processes = _processes(asked, node)
    if processes > 1:
        yield _mildest(asked, node, launcher, "data parallel", processes)
        if not alone.fits and not asked.packed:
            yield _mildest(asked, node, launcher, "sharded", processes)


def _processes(asked: TrainingMemory, node: Node) -> int:
    """Return on how many devices the examples of a step can be dealt out evenly; a batch read whole is on one."""
    if not asked.divisible:
        return 1
    return max(count for count in range(1, node.each + 1) if asked.examples % count == 0)


def _mildest(asked: TrainingMemory, node: Node, launcher: _Launcher, kind: Kind, processes: int) -> Way:
    """Return the first that fits, else the last."""
    for rows, again in _settings(asked, processes):
        way = _way(asked, node, kind, processes, rows, again=again)
        if way.fits:
            break
    return replace(way, config=launcher.config(kind, processes, again=way.checkpointing))


def _settings(asked: TrainingMemory, processes: int) -> Iterator[tuple[int, bool]]:
    """Yield rows at once on a device, and whether activations are computed again."""
    share = math.ceil(asked.rows / processes)
    sizes = [share, *halves(share)] if asked.divisible else [share]
    for again in (True,) if asked.recomputes else (False, True):
        yield from ((rows, again) for rows in sizes)


def _way(asked: TrainingMemory, node: Node, kind: Kind, processes: int, rows: int, *, again: bool) -> Way:
    parts = processes if kind == "sharded" else 1
    return Way(
        recipe=asked.recipe,
        node=node.name,
        kind=kind,
        processes=processes,
        rows=rows,
        accumulation=math.ceil(asked.examples / (processes * rows)),
        checkpointing=again,
        libraries=asked.libraries,
        weights=math.ceil(asked.weights / parts),
        gradients=math.ceil(asked.gradients / parts),
        moments=math.ceil((asked.moments + asked.keeps) / parts),
        activations=round(rows * (asked.a_row_again if again else asked.a_row)),
        exchanged=_exchanged(asked, kind),
        room=node.device.memory,
        offered=kind != "sharded",
    )


def _exchanged(asked: TrainingMemory, kind: Kind) -> int:
    if kind == "one device":
        return 0
    if kind == "data parallel":
        return asked.gradients
    whole = asked.outside + 2 * asked.layer
    return whole + (asked.outside + asked.layer if asked.trains_base else 0)

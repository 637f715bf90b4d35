"""Where and how the units of work of a run are done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.codec import JSON

Workers = int | Literal["auto"]
"""How many cells run at once: so many, or as many as the machine has processors, accelerators and memory for."""

Tracker = Literal["trackio", "mlflow", "wandb", "tensorboard"]
"""Where a training may be reported to while it goes on."""

EXECUTORS = ("local", "ray")
"""Executors that harness brings itself; any other is the name of a plug-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Where and how units of work are run. What was used stands in the record of each cell.

    `kind` is ``local``, ``ray`` or an executor of a plug-in, whose `options` they are; `plugin` is the distribution
    that it came from, ``name==version``; `address` is that of a Ray cluster, by default the one that this machine is
    in. `device` is ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; None is an accelerator where
    there is one that CUDA drives, else the CPU. `threads` is what torch computes with in a cell; None is its own
    choice when the run folder is begun, which stays. `workers` is how many cells run at once, ``auto`` one for each
    `threads` processors; no number depends on it. With `padding_free` the rows of a training batch are laid end to
    end, with `reads_once` what all prompts of a suite begin with is read once, where the model takes it: numbers
    are the same up to rounding, so these two are part of identities. With `frozen_prefix` what enters a cell's
    lowest trained layer in scoring is read where another cell has computed it, of which a run keeps
    `frozen_prefix_bytes` at most: not a bit changes. With `frozen_training` the same is done in training, of as
    many bytes again: it pays where the cells meet each row several times, and is part of the identity of recipes
    that choose layers, since numbers are the same up to rounding. With `shared_probes` what layers are ranked by is
    measured once for all recipes that ask the same of a seed: not a bit changes. A cell whose process holds more
    than `memory_limit_bytes`, or that takes more than `time_limit_minutes` in one start, is ended as a failure;
    None is no limit. A training keeps a checkpoint each time that it has gone on for `checkpoint_minutes`, from which
    a start after a kill goes on to the same weights in every bit; None keeps none. With `shared_folder`, work is
    claimed by heartbeat instead of by locks, for machines that work in one run folder over a network. Each training is
    reported to the trackers of `report_to` too, under the names of the experiment, the recipe and the seed: no number
    but times depends on it. With `launch`, several processes train a cell together, started by that launcher as its
    `config` says, with the steps of one; losses are the same up to rounding, so it is part of a cell's identity.
    """

    kind: str = "local"
    address: str | None = None
    device: str | None = None
    threads: int | None = None
    workers: Workers = 1
    padding_free: bool = True
    reads_once: bool = True
    frozen_prefix: bool = True
    frozen_training: bool = False
    frozen_prefix_bytes: int = 2 << 30
    shared_probes: bool = True
    memory_limit_bytes: int | None = None
    time_limit_minutes: float | None = None
    checkpoint_minutes: float | None = 10.0
    shared_folder: bool = False
    report_to: tuple[Tracker, ...] = ()
    launch: Literal["accelerate"] | None = None
    config: Mapping[str, JSON] = field(default_factory=dict)
    options: Mapping[str, JSON] = field(default_factory=dict)
    plugin: str | None = None

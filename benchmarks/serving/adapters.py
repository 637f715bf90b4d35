"""Adapters of random weights on one base, loaded, switched and mixed as a server does with PEFT."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel

TARGETS = ["q_proj", "v_proj"]
PROMPT = 32
NEW = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Of several requests, in seconds: half took at most `p50`, 99 of 100 at most `p99`."""

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        """Return the quantiles; of fewer than 100 the p99 lies near the slowest."""
        p50, p99 = np.percentile(seconds, (50, 99)).tolist()
        return cls(p50=p50, p99=p99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Adapters on one base: seconds to load and to switch to each, and the bytes of all their weights in memory."""

    model: PeftModel
    load: Latency
    switch: Latency
    bytes: int


def write_adapters(base: PreTrainedModel, folder: Path, *, rank: int, count: int) -> list[Path]:
    """Save `count` LoRAs of a rank on queries and values, adapter k with the random weights of seed k."""
    model = get_peft_model(copy.deepcopy(base), LoraConfig(task_type="CAUSAL_LM", r=rank, target_modules=TARGETS))
    paths = []
    for seed in range(count):
        generator = torch.Generator().manual_seed(seed)
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight.data = torch.randn(weight.shape, generator=generator) * 0.05
        paths.append(folder / f"r{rank}-{seed}")
        model.save_pretrained(str(paths[-1]), save_embedding_layers=False)
    return paths


def load_all(base: PreTrainedModel, paths: Sequence[Path], *, switches: int) -> Loaded:
    """Load adapters onto a copy of the base, under the names of their folders, and switch between them in turn."""
    first, *others = paths
    own = copy.deepcopy(base)
    held: list[PeftModel] = []
    seconds = [timed(lambda: held.append(PeftModel.from_pretrained(own, str(first), first.name)))]
    model = held[0].eval()
    seconds += [timed(lambda path=path: model.load_adapter(str(path), path.name)) for path in others]
    turns = [paths[k % len(paths)].name for k in range(max(switches, len(paths)))]
    switched = [timed(lambda name=name: model.set_adapter(name)) for name in turns]
    return Loaded(model=model, load=Latency.of(seconds), switch=Latency.of(switched), bytes=held_bytes(model))


def held_bytes(model: PeftModel) -> int:
    """Return the bytes of all adapters' weights in memory."""
    return sum(weight.numel() * weight.element_size() for name, weight in model.named_parameters() if "lora_" in name)


def prompts(vocabulary: int, rows: int) -> torch.Tensor:
    """Return rows of random tokens, the same at each call."""
    return torch.randint(3, vocabulary, (rows, PROMPT), generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def generated(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Answer one request greedily by `NEW` tokens."""
    asked = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    said: torch.Tensor = model.generate(
        **asked, max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False, pad_token_id=0
    )
    return said


@torch.inference_mode()
def mixed(model: PeftModel, ids: torch.Tensor, names: Sequence[str]) -> torch.Tensor:
    """Return the logits of a batch, each row by the adapter of its name."""
    logits: torch.Tensor = model(input_ids=ids, adapter_names=list(names)).logits
    return logits


@torch.inference_mode()
def separate(model: PeftModel, ids: torch.Tensor, names: Sequence[str]) -> torch.Tensor:
    """Return the same logits, row by row, switching to each row's adapter."""
    rows = []
    for row, name in zip(ids, names, strict=True):
        model.set_adapter(name)
        rows.append(model(input_ids=row[None]).logits)
    return torch.cat(rows)


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that it takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start

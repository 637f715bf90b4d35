"""The random generators that training draws from, as a state that is kept and put back."""

import json
import random

import numpy as np
import torch

from harness.training.state import State, plain, restored


def generators() -> State:
    """Return the states of all of them: Python's, numpy's, torch's on the CPU and on every CUDA device."""
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(legacy=True),  # noqa: NPY002 - the one that libraries draw from
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def as_text(state: State) -> str:
    """Return what `generators` returned as a text, which another process can write down."""
    value, tensors = plain(state)
    return json.dumps({"value": value, "tensors": [each.tolist() for each in tensors]})


def of_text(text: str) -> State:
    """Return what `as_text` made a text of; torch's states are bytes."""
    said = json.loads(text)
    return restored(said["value"], [torch.tensor(each, dtype=torch.uint8) for each in said["tensors"]])


def put_back(state: State) -> None:
    """Let them go on from where `generators` found them."""
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.asarray(keys, dtype=np.uint32), *rest))  # noqa: NPY002 - as above
    torch.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])

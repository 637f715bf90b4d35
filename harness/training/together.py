"""What processes that share a training have to agree on: each calls the same, at the same place."""

import torch
from torch import Tensor, distributed


def of_first(value: bool, device: torch.device) -> bool:  # noqa: FBT001 - it is what is asked about
    """Return what the first process says; of one process, what it says itself."""
    if not several():
        return value
    said = torch.tensor([value], dtype=torch.uint8, device=device)
    distributed.broadcast(said, src=0)
    return bool(said)


def of_all(text: str, device: torch.device) -> list[str]:
    """Return what each process says, in their order."""
    if not several():
        return [text]
    own = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8).to(device)
    sizes = _gathered(torch.tensor([len(own)], device=device))
    longest = max(int(size) for size in sizes)
    padded = torch.zeros(longest, dtype=torch.uint8, device=device)
    padded[: len(own)] = own
    found = _gathered(padded)
    return [bytes(each[: int(size)].cpu().numpy()).decode() for each, size in zip(found, sizes, strict=True)]


def wait_for_all() -> None:
    """Wait until every process is here."""
    if several():
        distributed.barrier()


def place() -> int:
    """Return the number of this process among those that train together, 0 for the first or only one."""
    return distributed.get_rank() if several() else 0


def is_first() -> bool:
    """Tell whether this is the first process, or the only one."""
    return place() == 0


def _gathered(own: Tensor) -> list[Tensor]:
    found = [torch.zeros_like(own) for _ in range(distributed.get_world_size())]
    distributed.all_gather(found, own)
    return found


def several() -> bool:
    """Tell whether this process trains together with others."""
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1

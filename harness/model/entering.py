"""What enters a decoder layer: taken from a forward pass, or put into one with the layers below passed over.

Only hidden states enter a layer from those below it; masks, positions and rotary angles come from the model around
them. The model's own forward runs, so what it does before its first layer (learned positions, a normaliser, dropout of
embeddings) is done and then replaced. A cut model that is fed with embeddings would do it twice.
"""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

ARGUMENT = "hidden_states"


@dataclass(slots=True)
class Entered:
    """What a forward pass brought to decoder layers: hidden states by layer, (rows, tokens, hidden).

    `members` is how many things a layer hands on beside them (attention weights, which nobody asked for); it is None
    where a layer hands on hidden states alone.
    """

    hidden: dict[int, Tensor] = field(default_factory=dict)
    members: int | None = None


@contextlib.contextmanager
def entering(layers: Sequence[nn.Module], at: Collection[int]) -> Iterator[Entered]:
    """Note what enters the `layers` with the numbers `at` in the block's forward pass."""
    entered = Entered()

    def note(number: int) -> Any:
        def hook(_module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
            entered.hidden[number] = _received(arguments, named)

        return hook

    def look(_module: nn.Module, _arguments: tuple[Any, ...], output: Any) -> None:
        if isinstance(output, tuple):
            entered.members = len(output) - 1

    hooks = [layers[number].register_forward_pre_hook(note(number), with_kwargs=True) for number in at]
    hooks += [layer.register_forward_hook(look) for layer in layers[: max(at, default=0)]]
    try:
        yield entered
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def passed_over(layers: Sequence[nn.Module], layer: int, hidden: Tensor, *, members: int | None) -> Iterator[None]:
    """Let `hidden` enter a layer in the block's forward pass, and compute none of those below it.

    `members` is what `Entered` says of the model; each of them is None. Whatever happens, the layers come back as they
    were.
    """

    def replace(
        _module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return ((hidden, *arguments[1:]), named) if arguments else ((), {**named, ARGUMENT: hidden})

    def hand_on(*arguments: Any, **named: Any) -> Any:
        received = _received(arguments, named)
        return received if members is None else (received, *[None] * members)

    below = layers[:layer]
    before = [module.__dict__.get("forward") for module in below]
    hook = layers[layer].register_forward_pre_hook(replace, with_kwargs=True)
    try:
        for module in below:
            module.__dict__["forward"] = hand_on
        yield
    finally:
        hook.remove()
        for module, own in zip(below, before, strict=True):
            if own is None:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = own


def _received(arguments: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    """Return the hidden states that a layer is called with, (rows, tokens, hidden)."""
    hidden: Tensor = arguments[0] if arguments else named[ARGUMENT]
    return hidden


class _ReachedError(Exception):
    """The layer is reached: nothing above it need be computed."""


def entering_alone(layers: Sequence[nn.Module], layer: int, compute: Callable[[], Any]) -> Tensor:
    """Return what enters a layer in the forward pass that `compute` makes, which ends there."""
    found: list[Tensor] = []

    def stop(_module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        found.append(_received(arguments, named))
        raise _ReachedError

    hook = layers[layer].register_forward_pre_hook(stop, with_kwargs=True)
    try:
        with contextlib.suppress(_ReachedError):
            compute()
    finally:
        hook.remove()
    return found[0]

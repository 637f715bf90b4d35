"""What modules inside a model give or are given while it reads a text: taken by hooks that are gone afterwards.

Transformers' own way of returning attention maps and hidden states leaves hooks on every layer for good.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness.errors import RecipeError
from harness.methods._base import base_of
from harness.model.decoder import layer_names
from harness.model.modes import evaluation_mode
from harness.model.precision import computing

Hook = Callable[[nn.Module, Any, Any], None]


def seen(
    model: PreTrainedModel, modules: Sequence[str], ids: Tensor, pick: Callable[[Any, Any], Tensor]
) -> tuple[Tensor, ...]:
    """Return what `pick` makes of the inputs and the output of each module while the model reads `ids` (1, tokens).

    `modules` are names of the base's; each is called once. Tensors are copies in float32 on the CPU, without the text's
    dimension.
    """
    found: dict[str, Tensor] = {}

    def hook_of(name: str) -> Hook:
        def hook(_module: nn.Module, inputs: Any, output: Any) -> None:
            found[name] = pick(inputs, output).detach()[0].float().cpu().clone()

        return hook

    base = base_of(model)
    with contextlib.ExitStack() as hooks, torch.no_grad(), evaluation_mode(model), computing(model):
        for name in modules:
            hooks.callback(base.get_submodule(name).register_forward_hook(hook_of(name)).remove)
        device = next(model.parameters()).device
        model(input_ids=ids.to(device), attention_mask=torch.ones_like(ids).to(device))
    return tuple(found[name] for name in modules)


def hidden_states(model: PreTrainedModel, ids: Tensor) -> Tensor:
    """Return what each decoder layer gives for the text's own tokens, (layers, tokens, features)."""
    layers = layer_names(base_of(model))
    given = seen(model, layers, ids, lambda _, output: output if isinstance(output, Tensor) else output[0])
    return torch.stack([each[-ids.shape[1] :] for each in given])  # virtual tokens stand before the text's


@contextlib.contextmanager
def eager_attention(model: PreTrainedModel) -> Iterator[str]:
    """Let the model compute attention in the one way that forms its maps, and yield the way it otherwise has.

    Raises `RecipeError` for a model that cannot.
    """
    base = base_of(model)
    usual = _attention_of(base)
    base.set_attn_implementation("eager")
    try:
        if _attention_of(base) != "eager":
            raise RecipeError(f"{type(base).__name__} cannot compute attention in the eager way, which forms its maps.")
        yield usual
    finally:
        base.set_attn_implementation(usual)


def _attention_of(model: PreTrainedModel) -> str:
    return str(model.config._attn_implementation)  # noqa: SLF001 - transformers has no public name for it

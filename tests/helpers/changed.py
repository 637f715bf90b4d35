"""A training that is a change made by hand, so that what a diagnostic should find of it is known."""

import torch

from harness.diagnostics import Probes, Subject
from harness.diagnostics.updates import matrices
from harness.methods.adapt import adapt


def subject_of(adapted, folder, trained=None):
    return Subject(
        adapted=adapted,
        trained=trained,
        batch={},
        start_sha256="",
        first_start_sha256=None,
        folder=folder,
        arrays=folder / "measurements",
    )


def follow_change(diagnostic, model, recipe, folder, change=lambda adapted: None, probes=None):
    """Return what a diagnostic measures of a model that is adapted and then changed."""
    diagnostic.begin(recipe, recipe, probes or Probes())
    diagnostic.before(model, {})
    adapted = adapt(model, recipe, seed=0)
    with torch.no_grad():
        change(adapted)
    return diagnostic.after(subject_of(adapted, folder))


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def plant(module, rank, size=1.0):
    """Add to a matrix a change of `rank` equal singular values."""
    rows, columns = module.weight.shape
    left, right = (torch.linalg.qr(drawn(each, rank, seed=each)).Q for each in (rows, columns))
    module.weight += size * left @ right.T


def plant_in_factors(adapted):
    """Give adapters of rank 4 orthonormal factors of which two directions are used, so that BA has two equal values."""
    for name, weight in adapted.model.named_parameters():
        if "lora_A" in name:
            weight.copy_(torch.linalg.qr(drawn(weight.shape[1], 4, seed=1)).Q.T)
        if "lora_B" in name:
            weight.copy_(torch.linalg.qr(drawn(weight.shape[0], 4, seed=2)).Q)
            weight[:, 2:] = 0


def matrices_of_layer(model, layer):
    return [model.get_submodule(name) for name in matrices(model) if f".{layer}." in name]


def swapped(tensor, width, *, dim=0):
    """The first two blocks of `width` in each other's place."""
    first, second, *rest = tensor.split(width, dim=dim)
    return torch.cat([second, first, *rest], dim=dim)

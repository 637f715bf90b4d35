"""A training that is a change made by hand, so that what a diagnostic should find of it is known."""

import torch

from harness.diagnostics import Probes, Subject
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

"""The frozen prefix of a cell that is scored: where it is kept, and which layers' inputs it reads or keeps."""

from collections.abc import Sequence
from typing import Any

from harness.evaluation.frozen_prefix import PrefixReader
from harness.execution.unit import CellWork
from harness.ledger.run import PREFIX
from harness.methods._base import base_of
from harness.methods.layers.choose import known_layers
from harness.model.decoder import layer_names
from harness.model.prefix_store import PrefixStore
from harness.records import TrainRecord
from harness.spec.records import Layers


def prefix_of(work: CellWork, model: Any, record: TrainRecord | None) -> PrefixReader | None:
    """Return what reads or keeps the lower layers of a cell's model while it is scored.

    None where that is switched off, where the lowest layer trains or nothing in the layers does, and for the untuned
    model where no recipe's layers are known beforehand. The base with examples has prompts that nobody else reads, and
    which layers of a model were trained elsewhere is not looked at.
    """
    execute = work.experiment.execute
    if work.recipe is not None and work.recipe.merges_first:
        return None  # what lies below is not the base's, and nobody else's
    if not execute.frozen_prefix or work.planned.control is not None or work.planned.existing is not None:
        return None
    store = PrefixStore(work.folder.parents[1] / PREFIX, bound=execute.frozen_prefix_bytes)
    if record is not None:
        lowest = min(record.layers, default=0)
        return PrefixReader(model, store, layer=lowest) if lowest else None
    some = [recipe for recipe in work.layers if all(each.strategy != "all" for each in recipe)]
    wanted = _lowest(some, len(layer_names(base_of(model)))) if some else ()
    return PrefixReader(model, store, keep=wanted) if wanted else None


def _lowest(recipes: Sequence[Sequence[Layers]], total: int) -> tuple[int, ...]:
    """Return the lowest layer of each recipe of which it is known before training, and not the first of all."""
    found = set()
    for stages in recipes:
        known = [known_layers(each, total) for each in stages]
        if None not in known:
            found.add(min(layer for each in known for layer in each or ()))
    return tuple(sorted(found - {0}))

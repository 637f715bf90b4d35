"""How many directions a LoRA really uses: rank collapse is a product BA with few singular values that matter."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from harness.diagnostics._base import Diagnostic, Subject
from harness.methods._base import Adapted
from harness.methods.dispatch import method_of
from harness.methods.traits import traits
from harness.records import Measurement

NEGLIGIBLE = 0.01
"""A singular value below this share of the largest is not counted in `above`."""


class RanksAlive(Diagnostic):
    """Every module's low-rank update has more than one direction; of a method that allots ranks some module's."""

    name = "ranks_alive"

    def after(self, subject: Subject) -> Measurement:
        """Take the effective ranks."""
        return ranks_alive(subject.adapted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleRank:
    """The update BA of one module: its declared rank and how it is used.

    `effective` is exp of the entropy of the normalised singular values (Roy & Vetterli 2007), from 0 for a zero
    update to the declared rank. `above` counts singular values of at least a hundredth of the largest.
    """

    module: str
    declared: int
    effective: float
    above: int
    largest: float


def effective_ranks(adapted: Adapted) -> tuple[ModuleRank, ...]:
    """Return the ranks of every LoRA module (AdaLoRA's too), none for other methods.

    For an initialisation that rewrote the base, the product is the adapter's own, not its change.
    """
    updates = method_of(adapted.recipe).low_rank_updates(adapted)
    return tuple(_module_rank(name, *factors) for name, factors in updates.items())


def ranks_alive(adapted: Adapted) -> Measurement:
    """Sum up the effective ranks: passed where every module's update has more than one direction.

    A declared rank of 1 cannot collapse. A method that allots ranks may take them from a module, which is then
    `pruned` and no collapse: there one module's directions pass. Nothing to see for methods without B and A.
    """
    ranks = effective_ranks(adapted)
    if not ranks:
        return Measurement(name="ranks_alive", passed=None)
    few = [each for each in ranks if each.above < min(2, each.declared)]
    allotted = traits(adapted.recipe).allots_rank and len(few) < len(ranks)
    collapsed, pruned = ([], few) if allotted else (few, [])
    least = min(ranks, key=lambda each: each.effective / each.declared)
    details = {
        "modules": len(ranks),
        "mean_effective": sum(each.effective for each in ranks) / len(ranks),
        "mean_declared": sum(each.declared for each in ranks) / len(ranks),
        "least": asdict(least),
        "collapsed": [each.module for each in collapsed],
        **({"pruned": [each.module for each in pruned]} if allotted else {}),
    }
    return Measurement(name="ranks_alive", passed=not collapsed, details=details)


def _module_rank(name: str, up: Tensor, down: Tensor) -> ModuleRank:
    values = singular_values(up, down)
    largest = float(values[0])
    shares = values[values > 0] / values.sum() if largest > 0 else values[:0]
    effective = float(torch.exp(-(shares * shares.log()).sum())) if len(shares) else 0.0
    above = int((values >= NEGLIGIBLE * largest).sum()) if largest > 0 else 0
    return ModuleRank(module=name, declared=down.shape[0], effective=effective, above=above, largest=largest)


def singular_values(up: Tensor, down: Tensor) -> Tensor:
    """Return the singular values of ``up @ down``, descending, without forming the large product."""
    _, right = torch.linalg.qr(up.double())
    _, left = torch.linalg.qr(down.double().T)
    return torch.linalg.svdvals(right @ left.T).cpu()

"""How far what the layers say of fixed texts has moved: centred kernel alignment with the base, layer by layer."""

import torch
from torch import Tensor
from transformers import PreTrainedModel

from harness.codec import encode
from harness.diagnostics._base import Subject
from harness.diagnostics.looks import hidden_states
from harness.diagnostics.texts import OfTexts
from harness.measured import DomainRepresentation, RepresentationDrift
from harness.records import Measurement


class Representation(OfTexts[Tensor]):
    """Linear CKA of each layer's hidden states with the base's, over the tokens of all texts of a domain.

    The first token of a text is left out: where its norm is many times that of the others, as in the embedded model
    from the middle on, CKA would be its alone. The one number is the mean over layers in-domain; 1 is nothing moved.
    """

    name = "representation_drift"

    def after(self, subject: Subject) -> Measurement:
        """Compare, layer by layer."""
        tuned = self._look(subject.adapted.model)
        domains = {
            domain: DomainRepresentation(
                texts=len(self._probes[domain]),
                tokens=states.shape[1],
                features=states.shape[2],
                cka=tuple(linear_cka(one, other) for one, other in zip(self._base[domain], states, strict=True)),
            )
            for domain, states in tuned.items()
        }
        inside = domains["in_domain"].cka
        return Measurement(
            name=self.name,
            value=sum(inside) / len(inside),
            details=encode(RepresentationDrift(domains=domains)),
        )

    def _look(self, model: PreTrainedModel) -> dict[str, Tensor]:
        """Return by domain (layers, tokens of all texts but their first, features)."""
        return {
            domain: torch.cat([hidden_states(model, ids)[:, 1:] for ids in texts], dim=1)
            for domain, texts in self._probes.items()
        }


def linear_cka(one: Tensor, other: Tensor) -> float:
    """Return the linear CKA (Kornblith et al. 2019, arXiv 1905.00414) of two (tokens, features); 0 to 1.

    With fewer tokens than features unrelated representations have one well above 0. What does not vary is like itself.
    """
    mine, theirs = (each.double() - each.double().mean(dim=0) for each in (one, other))
    if len(one) < max(one.shape[1], other.shape[1]):
        left, right = mine @ mine.T, theirs @ theirs.T
        shared, sizes = (left * right).sum(), left.norm() * right.norm()
    else:
        shared, sizes = (theirs.T @ mine).square().sum(), (mine.T @ mine).norm() * (theirs.T @ theirs).norm()
    if not sizes > 0:
        return float(torch.equal(mine, theirs))
    return min(1.0, float(shared / sizes))

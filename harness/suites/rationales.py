"""What of a rationale's likelihood is content and what is style, by one that says the opposite in the same words."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.suites.metrics import LogLikelihood, bits_per_byte

_FIELDS = ("rationale", "swapped")


def told_apart(doc: Mapping[str, Any], results: Sequence[LogLikelihood]) -> dict[str, float]:
    """Score the document's `rationale` beside its `swapped` one, whose likelihoods come in this order.

    In the swapped one the right diagnosis and a wrong one have changed places: the same words in the same form, and
    what they say is false. `rationale_bits_per_byte` is the right one's cost, form and content together.
    `style_bits_per_byte` is the swapped one's: what form alone makes predictable; lower is better.
    `rationale_margin` is the second less the first, in bits a UTF-8 byte, higher is better; 0: the model does not tell
    true from false.
    """
    right, swapped = (
        bits_per_byte(likelihood, doc[field]) for (likelihood, _), field in zip(results, _FIELDS, strict=True)
    )
    return {
        "rationale_bits_per_byte": right,
        "style_bits_per_byte": swapped,
        "rationale_margin": swapped - right,
    }

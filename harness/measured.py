"""What harness's own diagnostics find, as they stand in the details of a cell's measurements.

A layer is counted from the input up, from 0. Domains are ``in_domain`` and ``out_of_domain``.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleSpectrum:
    """The change of one module's weight matrix.

    `norm` is Frobenius', `largest` the largest singular value. `effective` is exp of the entropy of the normalised
    singular values (Roy & Vetterli 2007), `stable` the squared norm over the squared largest value; both are 0 where
    nothing changed. `share` is the part of the squared norm that the first values hold. `intruders` counts leading
    directions of the changed matrix that are none of the base's, None where that was not looked at.
    """

    module: str
    norm: float
    largest: float
    effective: float
    stable: float
    share: float
    intruders: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """The spectra of what training changed, by module.

    `of` is ``factors`` where the change is a product whose singular values are exact, and ``difference`` where it is
    the tuned weights minus the base's, of which the first `top` values are found by a randomised method: `effective` is
    a lower bound there unless it is `exact`. Of the changed matrix the first `leading` left singular vectors were
    compared with all of the base's, and one is an intruder whose cosine with each is below `below`.
    """

    of: str
    exact: bool
    top: int
    leading: int
    below: float
    modules: tuple[ModuleSpectrum, ...]

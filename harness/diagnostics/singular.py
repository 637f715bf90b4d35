"""Singular values and vectors of what training changed, and what is read off them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from harness.diagnostics.updates import Factors

SEED = 0
"""Of the random directions from which the leading ones of a large matrix are found."""
MORE = 8
"""Directions beside those that are asked for; Halko et al. 2011 (arXiv 0909.4061) advise 5 to 10."""
ITERATIONS = 4
"""Powers of the matrix that part near singular values; they ask for two or more where these fall slowly."""


@dataclass(frozen=True, slots=True)
class Decomposed:
    """The first singular `values`, descending, with their `left` (out, n) and `right` (in, n) vectors.

    `norm` is the Frobenius norm of all there is; `exact` tells whether no value is left out.
    """

    values: Tensor
    left: Tensor
    right: Tensor
    norm: float
    exact: bool


def decompose(change: Factors | Tensor, top: int) -> Decomposed:
    """Return all singular values of a product, or the first `top` of a matrix by a randomised method."""
    return _of_product(change) if isinstance(change, Factors) else _of_matrix(change, top)


def effective_rank(values: Tensor) -> float:
    """Return exp of the entropy of the normalised singular values (Roy & Vetterli 2007); 0 where there are none."""
    present = values[values > 0].double()
    if not len(present):
        return 0.0
    shares = present / present.sum()
    return float(torch.exp(-(shares * shares.log()).sum()))


def left_vectors(matrix: Tensor) -> Tensor:
    """Return all left singular vectors (out, rank) of a matrix, those of the largest values first.

    By the eigenvectors of the smaller of its two Gram matrices, in float64, which is less work than svd.
    """
    wide = matrix.double()
    rows, columns = wide.shape
    if rows <= columns:
        return torch.linalg.eigh(wide @ wide.T).eigenvectors.flip(1)
    squares, right = torch.linalg.eigh(wide.T @ wide)
    present = squares > squares[-1] * torch.finfo(torch.float64).eps * rows
    return (wide @ right[:, present] / squares[present].sqrt()).flip(1)


def intruders(base: Tensor, change: Tensor, *, leading: int, below: float) -> int:
    """Return how many of the leading left singular vectors of base + change are near none of the base's.

    Near is an absolute cosine of at least `below` (Shuttleworth et al. 2024, arXiv 2410.21228, algorithm 1).
    """
    if not change.any():
        return 0
    tuned = left_vectors(base + change)[:, :leading]
    nearest = (left_vectors(base).T @ tuned).abs().amax(dim=0)
    return int((nearest < below).sum())


def _of_product(change: Factors) -> Decomposed:
    left, upper = torch.linalg.qr(change.up.double())
    right, lower = torch.linalg.qr(change.down.double().T)
    inner, values, outer = torch.linalg.svd(upper @ lower.T)
    norm = float(torch.linalg.vector_norm(values))
    return Decomposed(values, left @ inner, right @ outer.T, norm, exact=True)


def _of_matrix(matrix: Tensor, top: int) -> Decomposed:
    wide = matrix.double()
    norm = float(torch.linalg.vector_norm(wide))
    if min(wide.shape) <= top + MORE:
        left, values, right = torch.linalg.svd(wide, full_matrices=False)
        return Decomposed(values, left, right.T, norm, exact=True)
    basis = _leading_directions(wide, top + MORE)
    inner, values, right = torch.linalg.svd(basis.T @ wide, full_matrices=False)
    return Decomposed(values[:top], (basis @ inner)[:, :top], right[:top].T, norm, exact=False)


def _leading_directions(matrix: Tensor, count: int) -> Tensor:
    """Return an orthonormal basis (out, count) of about where the leading left singular vectors lie."""
    generator = torch.Generator().manual_seed(SEED)
    drawn = torch.randn(matrix.shape[1], count, generator=generator, dtype=matrix.dtype)
    basis = torch.linalg.qr(matrix @ drawn).Q
    for _ in range(ITERATIONS):
        basis = torch.linalg.qr(matrix @ torch.linalg.qr(matrix.T @ basis).Q).Q
    return basis

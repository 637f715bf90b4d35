"""sacrebleu's corpus scores taken apart: what each text counts for, and the score of such counts summed up.

The score of a corpus is made of sums over its texts, which sacrebleu keeps to itself: ``corpus_score`` calls the two
methods used here, one after the other, since 2.0.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import ComparisonError

Floats = npt.NDArray[np.float64]

METRICS = ("bleu", "chrf", "chrf++", "ter")
"""lm-eval's names; its scores are sacrebleu's with default settings, chrF++ with words in pairs."""


def counts(name: str, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
    """Return what each text counts for, ``(texts, k)``; `references` are its references, as many for every text.

    Raises `ComparisonError` where sacrebleu is not installed.
    """
    streams = [list(each) for each in zip(*references, strict=True)]
    return np.asarray(_metric(name)._extract_corpus_statistics(list(predictions), streams), dtype=np.float64)  # noqa: SLF001


def score_of_sums(name: str) -> Callable[[Floats], Floats]:
    """Return the function that takes summed counts, ``(..., k)``, to scores, ``(...)``."""
    metric = _metric(name)

    def score(sums: Floats) -> Floats:
        rows = sums.reshape(-1, sums.shape[-1])
        found = [metric._compute_score_from_stats(_plain(row)).score for row in rows]  # noqa: SLF001
        return np.asarray(found, dtype=np.float64).reshape(sums.shape[:-1])

    return score


def _plain(row: Floats) -> list[float]:
    return [int(value) if value.is_integer() else value for value in row.tolist()]


def _metric(name: str) -> Any:
    try:
        metrics = import_module("sacrebleu.metrics")  # comparing needs it for these scores alone
    except ImportError as error:
        raise ComparisonError(f"{name} is computed by the package sacrebleu: pip install sacrebleu.") from error
    return metrics.CHRF(word_order=2) if name == "chrf++" else getattr(metrics, name.upper())()

"""A score over all items at once from what lm-eval logs of each item, such that items can be left out of it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from harness._compat import sacrebleu
from harness.statistics import aggregates
from harness.statistics.critical import Floats
from harness.statistics.pseudo import Additive, Corpus, Ranking

_MOST_LABELS = 60
_COUNTED = {
    "f1": aggregates.binary_f1,
    "micro_f1": aggregates.micro_f1,
    "macro_f1": aggregates.macro_f1,
    "weighted_f1": aggregates.weighted_f1,
    "matthews_corrcoef": aggregates.matthews,
}


def corpus(aggregation: str, values: Sequence[Any]) -> Corpus:
    """Return a score by lm-eval's name of its aggregation and the value logged of each item, in any order.

    Raises ValueError with what is wrong with the values, `ComparisonError` where a package is missing.
    """
    if aggregation in _COUNTED:
        return Additive(_confusion(_pairs(values), binary=aggregation == "f1"), _COUNTED[aggregation])
    if aggregation in sacrebleu.METRICS:
        return _texts(aggregation, _pairs(values))
    return _NUMERIC[aggregation](values)


def _pairs(values: Sequence[Any]) -> list[tuple[Any, Any]]:
    wrong = [value for value in values if not isinstance(value, list) or len(value) != 2]  # noqa: PLR2004
    if wrong:
        raise ValueError(f"{wrong[0]!r} is logged of an item where a pair is needed")
    return [(first, second) for first, second in values]


def _numbers(pairs: Sequence[tuple[Any, Any]]) -> Floats:
    wrong = [pair for pair in pairs if not all(isinstance(each, int | float) and np.isfinite(each) for each in pair)]
    if wrong:
        raise ValueError(f"{list(wrong[0])!r} is logged of an item where two finite numbers are needed")
    return np.array(pairs, dtype=np.float64)


def _confusion(pairs: Sequence[tuple[Any, Any]], *, binary: bool) -> Floats:
    """Return each item's cell of the table of right and given labels, ``(items, labels²)``."""
    found = {label for pair in pairs for label in pair}
    if binary and not found <= {0, 1}:
        raise ValueError(f"its labels are {sorted(found, key=str)[:4]}, and F1 of two classes takes 0 and 1")
    labels = [0, 1] if binary else sorted(found, key=str)
    if len(labels) > _MOST_LABELS:
        raise ValueError(f"it has {len(labels)} labels, of which {_MOST_LABELS} can be counted")
    place = {label: k for k, label in enumerate(labels)}
    cells = [place[right] * len(labels) + place[given] for right, given in pairs]
    return np.asarray(np.eye(len(labels) ** 2)[cells])


def _texts(name: str, pairs: Sequence[tuple[Any, Any]]) -> Additive:
    references = [[right] if isinstance(right, str) else list(right) for right, _ in pairs]
    fewest = min(map(len, references))  # lm-eval compares with as many references as every item has
    predictions = [given if isinstance(given, str) else given[0] for _, given in pairs]
    found = sacrebleu.counts(name, predictions, [each[:fewest] for each in references])
    return Additive(found, sacrebleu.score_of_sums(name))


def _perplexity(values: Sequence[Any]) -> Additive:
    return Additive(_numbers([(value, 1) for value in values]), lambda sums: np.exp(-aggregates.ratio(sums)))


def _weighted_perplexity(values: Sequence[Any]) -> Additive:
    return Additive(_numbers(_pairs(values)), lambda sums: np.exp(-aggregates.ratio(sums)))


def _bits_per_byte(values: Sequence[Any]) -> Additive:
    return Additive(_numbers(_pairs(values)), lambda sums: -aggregates.ratio(sums) / np.log(2))


def _brier(values: Sequence[Any]) -> Additive:
    squares = []
    for right, given in _pairs(values):
        wanted = np.arange(len(given)) == right
        squares.append((float(np.sum((np.asarray(given, dtype=np.float64) - wanted) ** 2)), 1))
    return Additive(_numbers(squares), aggregates.ratio)


def _roc_auc(values: Sequence[Any]) -> Ranking:
    numbers = _numbers(_pairs(values))
    return Ranking(numbers[:, 0] == 1, numbers[:, 1])


_NUMERIC: dict[str, Callable[[Sequence[Any]], Corpus]] = {
    "perplexity": _perplexity,
    "weighted_perplexity": _weighted_perplexity,
    "bits_per_byte": _bits_per_byte,
    "brier_score": _brier,
    "roc_auc": _roc_auc,
}

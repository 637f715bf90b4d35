"""How a metric's items become its score: as their mean, in a way that pseudo-values follow, or in neither.

The comparator pairs items, so it needs a number an item. A mean has it. A score over all items at once (corpus BLEU,
F1, perplexity) has none, but where it moves smoothly with each item, leaving one out says what that item contributes
(see `harness.statistics.pseudo`). What has neither is known here before anything is trained.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.declarations.task_yaml import Declared, FunctionName


class Kind(StrEnum):
    """What can be done with an aggregation; `UNKNOWN` is a function of the task's author, which only scores show."""

    MEAN = "mean"
    PSEUDO_VALUES = "pseudo-values"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How a metric's items become its score, by lm-eval's name; `reason` says why it cannot be compared."""

    name: str
    kind: Kind
    reason: str = ""

    def takes_apart(self, value: Any) -> bool:
        """Return whether an item's logged value is part of a score over all items, and not a score of its own.

        Tasks may log a number under a name whose default is such a score; of a perplexity that number is a
        log-likelihood.
        """
        return self.kind is Kind.PSEUDO_VALUES and (self.name == "perplexity" or not isinstance(value, int | float))


MEANS = frozenset({"mean", "nanmean"})
PSEUDO_VALUES = frozenset(
    {
        *("perplexity", "weighted_perplexity", "bits_per_byte", "brier_score"),
        *("f1", "micro_f1", "macro_f1", "weighted_f1", "matthews_corrcoef", "roc_auc"),
        *("bleu", "chrf", "chrf++", "ter"),
    }
)
_REFUSED = {
    "median": "a median jumps from one item to another, so that no item's part in it can be told",
    "bypass": "nothing is scored",
    "precision_at_recall": (
        "its threshold jumps from one item to another, so that no item's part in it can be told; it stands in the "
        "evaluation's results, and `roc_auc` or `acc` of the same items are compared"
    ),
}
_OF_METRICS = {
    "perplexity": "perplexity",
    "word_perplexity": "weighted_perplexity",
    "byte_perplexity": "weighted_perplexity",
    "bits_per_byte": "bits_per_byte",
    "brier_score": "brier_score",
    "mcc": "matthews_corrcoef",
    "bypass": "bypass",
    **{name: name for name in ("f1", "bleu", "chrf", "chrf++", "ter")},
}
"""What lm-eval does with a metric that declares no aggregation; it takes the mean of any other."""


def declared_aggregation(task: Declared, metric: str) -> Aggregation:
    """Return how a task aggregates one of its metrics; the metric's name may carry a filter."""
    return aggregation_in(task.config, metric)


def aggregation_in(config: Mapping[str, Any], metric: str) -> Aggregation:
    """Return the same by a task's fields, of its YAML or of a results file of lm-eval."""
    plain = metric.partition(",")[0]
    listed = config.get("metric_list")
    for each in listed if isinstance(listed, list | tuple) else ():  # a results file may hold anything
        if isinstance(each, Mapping) and str(each.get("metric")).rpartition(".")[2] == plain:
            return aggregation(plain, each.get("aggregation"))
    return aggregation(plain, None)


def aggregation(metric: str, declared: Any) -> Aggregation:
    """Return what a declaration of `metric` says, be it a name, a function's name or its text; None: it says nothing.

    A function is known by its name, of which the ending ``_score`` may be left out: ``micro_f1_score``.
    """
    plain = metric.partition(",")[0]
    name = _OF_METRICS.get(plain, "mean") if declared is None else _name(declared)
    if name in _REFUSED:
        return Aggregation(name, Kind.REFUSED, f"{plain} cannot be compared: {_REFUSED[name]}")
    if name in MEANS:
        return Aggregation(name, Kind.MEAN)
    known = name if name in PSEUDO_VALUES else name.removesuffix("_score")
    if known in PSEUDO_VALUES:
        return Aggregation(known, Kind.PSEUDO_VALUES)
    reason = (
        f"{plain} is computed by the task's own `{name}` over all items at once, and what one item contributes to "
        "it is not known; give the task a metric with a number an item and `aggregation: mean`"
    )
    return Aggregation(name, Kind.UNKNOWN, reason)


def _name(declared: Any) -> str:
    """Return a function's own name, whether the YAML names it or a results file holds its text."""
    text = str(declared)
    if isinstance(declared, FunctionName):
        return text.rpartition(".")[2]
    function = re.search(r"def (\w+)\(", text)
    return function[1] if function else text.strip()

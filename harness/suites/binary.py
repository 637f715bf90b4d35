"""Scores of yes/no items whose two errors cost differently: how well yes is told from no, and at what price in alarms.

An item's value is the log odds of "yes" (nats): log p(yes | question) − log p(no | question). Which odds count as a yes
is not fixed by the model: it is set where the declared share of the yes items is found.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from harness.statistics.pseudo import Ranking
from harness.suites.metrics import LogLikelihood

Odds = tuple[int, float]
"""Whether yes is right, 1 or 0, and the log odds of yes."""
AtRecall = tuple[int, float, float]
"""The same, and the share of the yes items that has to be found."""


def yes_no(doc: Mapping[str, Any], results: Sequence[LogLikelihood]) -> dict[str, float | Odds | AtRecall]:
    """Score a document whose `answer` is 1 for yes and 0 for no; the options are "no" and "yes", in this order.

    `acc`: the right one is the likelier. `roc_auc` and `precision_at_recall`: what the functions of these names make a
    score of; the document's `recall` is the share of the yes items that has to be found, in (0, 1].
    """
    right, odds = int(doc["answer"]), results[1][0] - results[0][0]
    return {
        "acc": float((odds > 0) == bool(right)),
        "roc_auc": (right, odds),
        "precision_at_recall": (right, odds, float(doc["recall"])),
    }


def precision_at_recall(items: Iterable[AtRecall]) -> float:
    """Return which share of what is called yes is yes, where just so many are called yes that enough yes items are.

    The threshold is the largest at which the share of yes items at or above it reaches the recall that the items
    declare; items that tie with it are called yes too. NaN without a yes item. Raises ValueError where items declare
    different recalls, or none in (0, 1].
    """
    listed = list(items)
    declared = {each[2] for each in listed}
    if len(declared) > 1 or not all(0 < recall <= 1 for recall in declared):
        raise ValueError(f"the items declare the recalls {sorted(declared)[:3]}, and one in (0, 1] is needed")
    found = sorted((odds for right, odds, _ in listed if right), reverse=True)
    if not found:
        return math.nan
    (recall,) = declared
    threshold = found[_needed(recall, len(found)) - 1]
    called = [right for right, odds, _ in listed if odds >= threshold]
    return sum(called) / len(called)


def roc_auc(items: Iterable[Odds]) -> float:
    """Return how often a yes item has higher odds than a no item, ties half; NaN without an item of each kind."""
    right, odds = np.array(list(items), dtype=np.float64).reshape(-1, 2).T
    return float(Ranking(right == 1, odds).score())


def _needed(recall: float, yes: int) -> int:
    """Return how many of the yes items have to be found: 0.9 of 10 are 9, whatever 0.9 is in binary."""
    return max(1, math.ceil(recall * yes - 1e-9))

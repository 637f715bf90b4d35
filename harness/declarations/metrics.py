"""What a metric's name says: which way is better, its range and unit, its usual smallest effect of interest."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.errors import ComparisonError


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is known of a metric by its name. `points` says that it reads best in hundredths."""

    higher_is_better: bool | None
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    points: bool = False
    sesoi: float | None = None
    """The natural smallest effect of interest; None where a margin has to be declared, with its reason."""


ACCURACIES = ("acc", "acc_norm", "acc_bytes", "acc_mutual_info")
"""lm-eval's ways of saying that the right one of an item's options was chosen."""

_FRACTION = Metric(higher_is_better=True, low=0.0, high=1.0, unit="points", points=True, sesoi=0.02)
_PERCENT = Metric(higher_is_better=True, low=0.0, high=100.0)
_BITS = Metric(higher_is_better=False, low=0.0, unit="bits/byte")
_MARGIN = Metric(higher_is_better=True, unit="bits/byte")
_COST = Metric(higher_is_better=False, low=0.0)
_BRIER = Metric(higher_is_better=False, low=0.0, high=2.0)
_SCORE = Metric(higher_is_better=True)
_UNKNOWN = Metric(higher_is_better=None)

# rouge_score gives 0..1 and some tasks of lm-eval multiply by 100: the range admits both.
_BY_NAME = (
    ("|".join(ACCURACIES), _FRACTION),
    (r"exact_match|em|f1|token_f1|name_f1|mc[12]|contains|pass@\d+|answered", _FRACTION),
    (r"has_steps|options_weighed|statements_true|conclusion_follows", _FRACTION),
    (r"rouge[12L]\w*|bleu\w*|chrf\w*", _PERCENT),
    (r"\w*bits_per_byte", _BITS),
    (r"answer_(margin|information)|rationale_margin", _MARGIN),
    (r"roc_auc|precision_at_recall", _FRACTION),
    (r"brier_score", _BRIER),
    (r"score", _SCORE),
    (r"\w*perplexity|\w*nll|\w*loss|ter|[wc]er", _COST),
)


def metric(name: str) -> Metric:
    """Return what is known of a metric; its name may carry lm-eval's filter (``exact_match,strict-match``)."""
    plain = name.partition(",")[0]
    return next((known for pattern, known in _BY_NAME if re.fullmatch(pattern, plain)), _UNKNOWN)


def higher_is_better(name: str, recorded: Iterable[bool], *, lower_is_better: bool | None, task: str) -> bool:
    """Return a metric's direction: as declared, else as lm-eval recorded it, else as its name says.

    Raises `ComparisonError` where none of these is there, or where the records contradict each other.
    """
    directions = set(recorded)
    if lower_is_better is not None:
        return not lower_is_better
    if len(directions) > 1:
        raise ComparisonError(
            f"{task}: the results files disagree on whether a higher {name} is better; "
            "say --lower-is-better or --higher-is-better."
        )
    if directions:
        return directions.pop()
    known = metric(name).higher_is_better
    if known is None:
        raise ComparisonError(
            f"{task}: nothing says whether a higher {name} is better (no results_*.json beside the samples, and "
            "the name is not a known one); say --lower-is-better or --higher-is-better."
        )
    return known

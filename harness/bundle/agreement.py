"""Whether a model answers some items as they were logged: log-likelihoods beside log-likelihoods, scores beside scores.

A score of 0 or 1 says little: two models that answer differently have the same on most items. So of items with options
the log-likelihood of every option is held against the logged one, in nats; of generated answers, whose texts may part
at a near tie and mean the same, the item's score by the suite's metric.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.compare.sources.lm_eval import read_items
from harness.compare.sources.sample_files import SampleFile
from harness.compare.sources.samples import HASHES, samples
from harness.errors import ComparisonError


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The largest difference on `items` of a task, in `unit`, and how many `texts` were not the same word by word."""

    task: str
    items: int
    unit: Literal["nats of a log-likelihood", "points of the score"]
    largest: float
    tolerance: float
    texts: int = 0

    @property
    def holds(self) -> bool:
        """Whether no difference is larger than what is tolerated; one that is no number is."""
        return self.largest <= self.tolerance

    def __str__(self) -> str:
        """Return ``16 items of k8s_qa differ by at most 3.1e-05 nats …; 0.02 is tolerated``."""
        texts = f", {self.texts} of their texts in words" if self.texts else ""
        said = f"{self.items} items of {self.task} differ by at most {self.largest:.2g} {self.unit}{texts}"
        return f"{said}; {self.tolerance:g} is tolerated"


def compared(own: Path, again: Path, *, task: str, metric: str, tolerance: float) -> Agreement:
    """Hold the samples in `again` against those of the same items in `own`, both as lm-eval logs them.

    Raises `ComparisonError` where `own` lacks one of the items.
    """
    logged, anew = dict(_answers(own)), dict(_answers(again))
    lacking = anew.keys() - logged.keys()
    if lacking:
        raise ComparisonError(f"{own} lacks {len(lacking)} of the items that {again} has: the task changed since.")
    texts = sum(logged[key] != answer for key, answer in anew.items() if _is_text(answer))
    options = [key for key, answer in anew.items() if not _is_text(answer)]
    if len(options) == len(anew):
        differences = [_largest(logged[key], anew[key]) for key in options]
    else:
        scores = {item.key: item.score for item in read_items(own, metric)}
        differences = [abs(scores[item.key] - item.score) for item in read_items(again, metric)]
    return Agreement(
        task=task,
        items=len({key[:-1] for key in anew}),
        unit="nats of a log-likelihood" if len(options) == len(anew) else "points of the score",
        largest=max(differences),
        tolerance=tolerance,
        texts=texts,
    )


def _answers(path: Path) -> Iterator[tuple[tuple[str, ...], Any]]:
    for _, sample in samples(SampleFile.of(path)):
        yield (*(str(sample[name]) for name in HASHES), str(sample["filter"])), sample.get("filtered_resps")


def _is_text(answer: Any) -> bool:
    """Tell generated texts from log-likelihoods, which are logged as a pair with whether the option is the greedy one.

    A log-likelihood of a whole text has none beside it.
    """
    return not all(_number(each) is not None for each in _listed(answer))


def _listed(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else [answer]


def _number(response: Any) -> float | None:
    value = response[0] if isinstance(response, list) and len(response) == len(("log-likelihood", "greedy")) else None
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _largest(own: Any, again: Any) -> float:
    pairs = zip(_listed(own), _listed(again), strict=True)
    return max(abs((_number(left) or 0.0) - (_number(right) or 0.0)) for left, right in pairs)

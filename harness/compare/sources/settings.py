"""What lm-eval noted of how a task was scored, in which runs must not differ, and of what came out."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from harness.compare.sources.sample_files import SampleFile
from harness.compare.sources.samples import NO_FILTER

_SUMMED = 1e-6
"""Difference that summing in another order may bring to a mean, relative and absolute."""
_NOT_SCORING = frozenset({"metric", "aggregation", "higher_is_better"})


def block(value: Any, name: str) -> Mapping[str, Any]:
    """Return an object within another, an empty one where there is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def scoring_settings(file: SampleFile, metric: str) -> dict[str, str]:
    """Return what has a part in a metric's scores and shows neither in prompts nor in targets, as texts, by name.

    Generation arguments, the metric's own arguments and the steps of its filter. Nothing is returned of what the
    results file does not say.
    """
    name, _, chosen = metric.partition(",")
    config = block(file.noted(), "configs").get(file.task)
    named = {f"generation_kwargs.{key}": value for key, value in block(config, "generation_kwargs").items()}
    for each in _objects(config, "metric_list"):
        if each.get("metric") == name:
            named |= {f"{name}.{key}": value for key, value in each.items() if key not in _NOT_SCORING}
    for each in _objects(config, "filter_list"):
        if each.get("name") == chosen:
            named[f"filter {chosen}"] = each.get("filter")
    return {key: json.dumps(value, sort_keys=True, default=str) for key, value in named.items()}


def _objects(config: Any, name: str) -> Iterator[Mapping[str, Any]]:
    listed = config.get(name) if isinstance(config, Mapping) else None
    return (each for each in listed if isinstance(each, Mapping)) if isinstance(listed, list) else iter(())


def recorded_score(file: SampleFile, metric: str) -> float | None:
    """Return the score that lm-eval recorded of a metric, None where it did not."""
    name, _, chosen = metric.partition(",")
    found = block(block(file.noted(), "results"), file.task)
    keys = [f"{name},{chosen}"] if chosen else [key for key in found if key.partition(",")[0] == name]
    value = found.get(keys[0] if len(keys) == 1 else f"{name},{NO_FILTER}")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def recorded_items(file: SampleFile) -> int | None:
    """Return how many items lm-eval made a task's scores of, None where it did not say.

    ``n-samples`` would not do: where items were named (``--samples``), some versions note the whole task there.
    """
    count = block(block(file.noted(), "results"), file.task).get("sample_len")
    return count if isinstance(count, int) else None


def agrees(mean: float, recorded: float | None) -> bool:
    """Say whether the mean of items is the score that was recorded, as far as one was."""
    return recorded is None or math.isclose(mean, recorded, rel_tol=_SUMMED, abs_tol=_SUMMED)

"""Two runs beside each other: what was declared and made otherwise, and the scores and verdicts that either has.

Nothing is tested between them. They share no seeds and items that could be relied on, so a difference has no interval.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.codec import JSON, encode
from harness.compare.summaries import MeanAndSD, ScoreSummary
from harness.ledger import RunFolder
from harness.spec import lock
from harness.spec.records import Experiment

_OF_PLACES = ("file", "include", "overrides", "description", "name")
"""What an experiment says of itself and of where it lies, which changes no number."""
_NAMES = ("id", "task", "recipe", "name")
"""Keys by which the objects of a list are known, so that one more does not make all that follow differ."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value at `path` that two runs have otherwise: None, or an object or list whole, where one of them has none."""

    path: str
    first: JSON
    second: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBeside:
    """A recipe's score on a suite by one metric in two runs, None in one that has none; with how many seeds."""

    recipe: str
    suite: str
    metric: str
    first: MeanAndSD | None
    second: MeanAndSD | None
    seeds: tuple[int, int]


def declared_differences(first: Experiment, second: Experiment) -> tuple[Difference, ...]:
    """Return what two experiments declare otherwise, as far as numbers can follow from it, recipes by their names."""
    return tuple(_differing(_declared(first), _declared(second)))


def made_differences(first: RunFolder, second: RunFolder) -> tuple[Difference, ...]:
    """Return what two runs were made from that differs: digests of weights, rows and suites, versions, the machine."""
    return tuple(_differing(_made_of(first), _made_of(second)))


def scores_beside(first: Sequence[ScoreSummary], second: Sequence[ScoreSummary]) -> tuple[ScoreBeside, ...]:
    """Return the scores that either run has, those of the first in their order, then what the second has more."""
    sides = [{(each.recipe, each.suite, each.metric): each for each in scores} for scores in (first, second)]
    return tuple(_score_beside(key, *(side.get(key) for side in sides)) for key in {**sides[0], **sides[1]})


def _score_beside(key: tuple[str, str, str], first: ScoreSummary | None, second: ScoreSummary | None) -> ScoreBeside:
    recipe, suite, metric = key
    return ScoreBeside(
        recipe=recipe,
        suite=suite,
        metric=metric,
        first=first.score if first else None,
        second=second.score if second else None,
        seeds=(first.seeds if first else 0, second.seeds if second else 0),
    )


def _declared(experiment: Experiment) -> JSON:
    value = {key: part for key, part in lock(experiment).items() if key not in _OF_PLACES}
    return {**value, "recipes": [{"id": each.id, **encode(each)} for each in experiment.recipes]}


def _made_of(run: RunFolder) -> JSON:
    found = run.lock
    made = {"made of": encode(found.hashes), "versions": dict(found.versions), "machine": encode(found.execution)}
    return {**made, "rows": found.rows}


def _differing(first: JSON, second: JSON, path: str = "") -> Iterator[Difference]:
    """Yield what differs: objects key by key, lists of named objects name by name, anything else as a whole."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in {**first, **second}:
            yield from _differing(first.get(key), second.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(first, list) and isinstance(second, list) and (_named(first) or _named(second)):
        sides = [_named(each) for each in (first, second)]
        for name in {**sides[0], **sides[1]}:
            yield from _differing(sides[0].get(name), sides[1].get(name), f"{path}[{name}]")
    elif first != second:
        yield Difference(path, first, second)


def _named(values: Sequence[JSON]) -> dict[str, JSON]:
    """Return the objects of a list by what they are called, none where they are not told apart by it."""
    for key in _NAMES:
        named = {each[key]: each for each in values if isinstance(each, Mapping) and isinstance(each.get(key), str)}
        if named and len(named) == len(values):
            return named
    return {}

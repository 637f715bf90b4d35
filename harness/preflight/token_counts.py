"""How many tokens an experiment trains on and scores: counted where the data is at hand, else assumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from transformers import PreTrainedTokenizerBase

from harness.plan.cells import PlannedCell
from harness.plan.identity import control_suite, rows_key
from harness.plan.search import margin_suite
from harness.preflight.row_tokens import RowTokens, count_row_tokens
from harness.preflight.suite_tokens import SuiteTokens, count_suite_tokens
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.sources.data import Row
from harness.spec.records import Experiment, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Training examples and suites in tokens; `stages` are rows that differ from the experiment's, by `rows_key`.

    `controls` are suites with the examples of a control, by `harness.plan.identity.control_suite`; `margin` is what a
    search scores of the validation rows, None where the loss alone decides.
    """

    rows: RowTokens
    suites: dict[str, SuiteTokens]
    stages: Mapping[str, RowTokens]
    controls: Mapping[str, SuiteTokens] = field(default_factory=dict)
    margin: SuiteTokens | None = None

    def scored(self, planned: PlannedCell) -> list[SuiteTokens]:
        """Return the suites that score a cell."""
        if planned.split == "validation":
            return [] if self.margin is None else [self.margin]
        if planned.control is not None:
            return [self.controls[control_suite(suite)] for suite in planned.suites.values()]
        return [self.suites[suite.task] for suite in planned.suites.values()]

    def of(self, stage: Stage) -> RowTokens:
        """Return the rows that train a stage."""
        key = rows_key(stage)
        return self.rows if key is None else self.stages[key]


def count_tokens(experiment: Experiment, unknown: Unknown) -> TokenCounts:
    """Count on a sample of what is in the cache; download nothing and note in `unknown` what is assumed instead."""
    tokenizer = unknown.attempt(lambda: models.tokenizer(experiment.model))
    rows = count_training(experiment, tokenizer, unknown)
    suites = {suite.task: count_suite_tokens(suite, experiment, tokenizer, unknown) for suite in experiment.suites}
    of_controls = [suite for control in experiment.controls for suite in control.suites(experiment.suites)]
    controls = {control_suite(each): count_suite_tokens(each, experiment, tokenizer, unknown) for each in of_controls}
    trials = margin_suite(experiment)
    margin = None if trials is None else count_suite_tokens(trials, experiment, tokenizer, unknown, split="validation")
    return replace(rows, suites=suites, controls=controls, margin=margin)


def count_training(
    experiment: Experiment,
    tokenizer: PreTrainedTokenizerBase | None,
    unknown: Unknown,
    *,
    read: Mapping[str | None, Sequence[Row]] | None = None,
) -> TokenCounts:
    """Count the rows that train, of all stages, and no suite.

    Rows that were `read` already are taken from there, by `rows_key`, those of the experiment under None.
    """
    at_hand = read or {}
    rows = count_row_tokens(experiment, tokenizer, unknown, read=at_hand.get(None))
    parts = {rows_key(part): part for recipe in experiment.recipes for part in recipe.parts}
    stages = {
        key: count_row_tokens(experiment, tokenizer, unknown, part, read=at_hand.get(key))
        for key, part in parts.items()
        if key is not None
    }
    return TokenCounts(rows=rows, suites={}, stages=stages)

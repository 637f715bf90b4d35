"""What an experiment's numbers come from: model, tokenizer, rows and suites, read once and told by their digests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from lm_eval.api.task import Task
from transformers import PreTrainedTokenizerBase

from harness.diagnostics import looks_at_held_out
from harness.errors import TaskError
from harness.plan.content import Content
from harness.plan.identity import control_suite, ranking_data, rows_key, stages_with_rows
from harness.plan.search import margin_suite
from harness.preflight.comparable import check_comparable
from harness.preflight.digests import sha256, suite_sha256, tokenizer_sha256
from harness.preflight.existing import declared_sha256, existing_sha256
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.sources.data import Row
from harness.spec.records import Experiment, Stage, Suite
from harness.suites.examples import shots_for_now
from harness.suites.load import load_task
from harness.suites.scored import split_for_now
from harness.training.control import controlled
from harness.training.rows import (
    check_disjoint,
    ranking_rows,
    rows_sha256,
    stage_rows,
    training_rows,
    validation_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRead:
    """The rows that train and those that decide about training (None where nothing is decided), read once.

    `stages` are those of stages that have data of their own, and of recipes that change the rows, by
    `harness.plan.identity.rows_key`; `ranking` those that layers are ranked by, by `harness.plan.identity.data_key`.
    """

    rows: Sequence[Row]
    validation: Sequence[Row] | None
    stages: Mapping[str, "RowsRead"] = field(default_factory=dict)
    ranking: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    @property
    def trained_on(self) -> dict[str | None, Sequence[Row]]:
        """The rows that train by `harness.plan.identity.rows_key`, the experiment's under None."""
        return {None: self.rows, **{key: each.rows for key, each in self.stages.items()}}


def rows_of(experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> RowsRead:
    """Read every row of the experiment. Raises `TaskError` where one that decides about a training trains it."""
    looked_at = experiment.validates or looks_at_held_out(experiment.diagnostics)
    deciding = experiment.decides_by is not None or looked_at
    read = RowsRead(
        rows=(rows := training_rows(experiment, tokenizer)),
        validation=_validation(experiment, rows, tokenizer) if deciding else None,
        stages=dict(_of_stages(experiment, tokenizer, deciding=looked_at)),  # a search does not go through stages
        ranking=dict(_ranking(experiment, tokenizer)),
    )
    _check_controls(experiment, read)
    return read


def _of_stages(
    experiment: Experiment, tokenizer: PreTrainedTokenizerBase, *, deciding: bool
) -> Iterator[tuple[str, RowsRead]]:
    for key, (recipe, stage) in stages_with_rows(experiment).items():
        try:
            rows = stage_rows(experiment, stage, tokenizer)
        except TaskError as error:
            raise TaskError(f"{recipe.id}: {error}") from error
        seen = experiment.for_stage(stage)
        yield key, RowsRead(rows=rows, validation=_validation(seen, rows, tokenizer) if deciding else None)


def _ranking(experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> Iterator[tuple[str, Sequence[Row]]]:
    for key, (recipe, data) in ranking_data(experiment).items():
        try:
            yield key, ranking_rows(experiment, data, tokenizer)
        except TaskError as error:
            raise TaskError(f"{recipe.id}, layers.data: {error}") from error


def _check_controls(experiment: Experiment, read: RowsRead) -> None:
    """Raise `TaskError` with the recipe whose control the rows do not allow."""
    for recipe in experiment.recipes:
        for part in recipe.parts:
            key = rows_key(part)
            rows = read.rows if key is None else read.stages[key].rows
            try:
                controlled(rows, part.recipe.control)
            except TaskError as error:
                raise TaskError(f"{recipe.id}: {error}") from error


def _validation(experiment: Experiment, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    """Return the rows that decide about a training on `rows`, none of which is among these."""
    try:
        found = validation_rows(experiment, tokenizer)
    except TaskError as error:
        if experiment.decides_by or experiment.validates:
            raise
        remedy = "declare `validation`, whose `share` holds rows out, or set its option `rows` to 0."
        raise TaskError(f"{error} A diagnostic looks at validation rows: {remedy}") from error
    check_disjoint(rows, found)
    return found


def content_of(
    experiment: Experiment, tokenizer: PreTrainedTokenizerBase, read: RowsRead, tasks: Mapping[str, Task]
) -> Content:
    """Return the digests; `tasks` are the experiment's suites, loaded. Raises as rendering a task raises."""
    decided = {key: each.validation for key, each in read.stages.items()}
    return Content(
        model=models.fingerprint(experiment.model),
        tokenizer=tokenizer_sha256(tokenizer),
        rows=rows_sha256(read.rows),
        validation=None if read.validation is None else rows_sha256(read.validation),
        margin=_margin_sha256(experiment, tokenizer),  # before the suites, whose requests are looked at afterwards
        stages={key: rows_sha256(each.rows) for key, each in read.stages.items()},
        stage_validation={key: rows_sha256(rows) for key, rows in decided.items() if rows is not None},
        ranking={key: rows_sha256(rows) for key, rows in read.ranking.items()},
        suites={
            suite.task: suite_sha256(suite, tasks[suite.task], experiment, tokenizer) for suite in experiment.suites
        },
        controls={
            control_suite(suite): _control_sha256(suite, tasks[suite.task], experiment, tokenizer)
            for suite in _of_controls(experiment)
        },
        weights=existing_sha256(experiment),
    )


def _of_controls(experiment: Experiment) -> list[Suite]:
    """Return the suites of all controls, with the numbers of examples that they ask for."""
    return [suite for control in experiment.controls for suite in control.suites(experiment.suites)]


def _control_sha256(suite: Suite, task: Task, experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> str:
    with shots_for_now(task, suite):
        return suite_sha256(suite, task, experiment, tokenizer)


def _margin_sha256(experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> str | None:
    """Return the digest of what a search scores of the validation rows, None where the loss alone decides.

    Raises `TaskError` where their task has no such score.
    """
    suite = margin_suite(experiment)
    if suite is None:
        return None
    task = load_task(suite.task, beside=experiment.file.parent, include=experiment.include)
    if suite.metric not in task.aggregation():
        known = ", ".join(sorted(task.aggregation()))
        block = "tune" if experiment.tune else "search"
        raise TaskError(f"`{block}.metric` needs {suite.metric} of task {suite.task}, which reports {known}.")
    with shots_for_now(task, suite), split_for_now(task, "validation"):
        return suite_sha256(suite, task, experiment, tokenizer)


def content_at_hand(experiment: Experiment, unknown: Unknown) -> Content:
    """Return the digests of what can be had without downloading, and of the declarations of what cannot.

    Identities that follow from a declaration are not those of the run: a plan can be made all the same.
    """
    whole = unknown.attempt(lambda: _content_now(experiment))
    if whole is not None:
        return whole
    margin = margin_suite(experiment)
    return Content(
        model=models.fingerprint(experiment.model),
        tokenizer="",
        rows=sha256([asdict(each) for each in (experiment.data, *experiment.mix)]),
        margin=None if margin is None else _declared(margin, experiment),
        stages={key: _declared_rows(experiment, stage) for key, (_, stage) in stages_with_rows(experiment).items()},
        ranking={key: sha256(asdict(data)) for key, (_, data) in ranking_data(experiment).items()},
        suites={suite.task: _declared(suite, experiment) for suite in experiment.suites},
        controls={control_suite(suite): _declared(suite, experiment) for suite in _of_controls(experiment)},
        weights=declared_sha256(experiment),
    )


def _declared_rows(experiment: Experiment, stage: Stage) -> str:
    seen = experiment.for_stage(stage)
    changes = {name: asdict(each) for name, each in stage.recipe.transforms.items()}
    return sha256([*(asdict(each) for each in (seen.data, *seen.mix)), *([changes] if changes else ())])


def _declared(suite: Suite, experiment: Experiment) -> str:
    return sha256([asdict(suite), asdict(experiment.evaluation)])


def _content_now(experiment: Experiment) -> Content:
    where, include = experiment.file.parent, experiment.include
    tasks = {suite.task: load_task(suite.task, beside=where, include=include) for suite in experiment.suites}
    tokenizer = models.tokenizer(experiment.model)
    content = content_of(experiment, tokenizer, rows_of(experiment, tokenizer), tasks)
    check_comparable(experiment, tasks)
    return content

"""What an experiment's numbers come from, as digests: the model, its tokenizer, rows, requests, the code that scores.

A file's name or place, a comment and a YAML's layout change no digest; a right answer, an option, a prompt's wording
and the code that scores do, wherever they were read from.
"""

import ast
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from lm_eval.api.task import Task
from transformers import PreTrainedTokenizerBase

from harness.diagnostics import looks_at_held_out
from harness.errors import TaskError
from harness.evaluation.progress import without_bars
from harness.evaluation.scorer import SCORER_VERSION
from harness.plan.content import Content
from harness.plan.identity import control_suite, ranking_data, rows_key, stages_with_rows
from harness.plan.search import margin_suite
from harness.preflight.comparable import check_comparable
from harness.preflight.existing import declared_sha256, existing_sha256
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.sources.data import Row
from harness.spec.records import Experiment, Stage, Suite
from harness.suites.documents import ChatTemplate
from harness.suites.examples import shots_for_now, with_shots
from harness.suites.load import load_task
from harness.suites.scored import scored_places, split_for_now
from harness.training.control import controlled
from harness.training.rows import (
    chat_template,
    check_disjoint,
    ranking_rows,
    rows_sha256,
    stage_rows,
    training_rows,
    validation_rows,
)

_SCORING_FIELDS = ("output_type", "generation_kwargs", "metric_list", "filter_list", "repeats")
"""Fields of a task's configuration that have a part in its scores and do not show in its requests."""


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
        rows=_sha256([asdict(each) for each in (experiment.data, *experiment.mix)]),
        margin=None if margin is None else _declared(margin, experiment),
        stages={key: _declared_rows(experiment, stage) for key, (_, stage) in stages_with_rows(experiment).items()},
        ranking={key: _sha256(asdict(data)) for key, (_, data) in ranking_data(experiment).items()},
        suites={suite.task: _declared(suite, experiment) for suite in experiment.suites},
        controls={control_suite(suite): _declared(suite, experiment) for suite in _of_controls(experiment)},
        weights=declared_sha256(experiment),
    )


def _declared_rows(experiment: Experiment, stage: Stage) -> str:
    seen = experiment.for_stage(stage)
    changes = {name: asdict(each) for name, each in stage.recipe.transforms.items()}
    return _sha256([*(asdict(each) for each in (seen.data, *seen.mix)), *([changes] if changes else ())])


def _declared(suite: Suite, experiment: Experiment) -> str:
    return _sha256([asdict(suite), asdict(experiment.evaluation)])


def _content_now(experiment: Experiment) -> Content:
    where, include = experiment.file.parent, experiment.include
    tasks = {suite.task: load_task(suite.task, beside=where, include=include) for suite in experiment.suites}
    tokenizer = models.tokenizer(experiment.model)
    content = content_of(experiment, tokenizer, rows_of(experiment, tokenizer), tasks)
    check_comparable(experiment, tasks)
    return content


def tokenizer_sha256(tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a digest of how the tokenizer cuts texts, of its special tokens and of its chat template."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    said = {
        "rules": backend.to_str() if backend is not None else sorted(tokenizer.get_vocab().items()),
        "kind": type(tokenizer).__name__,
        "special": {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
        "template": tokenizer.chat_template,
        "opens": tokenizer("a")["input_ids"],
    }
    return _sha256(said)


def suite_sha256(suite: Suite, task: Task, experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a digest of the suite's items, of every request that is made for them, and of what scores the answers."""
    template = chat_template(tokenizer) if experiment.evaluation.apply_chat_template else None
    whole = hashlib.sha256(_json(_scoring(task)))
    task = with_shots(task, suite)
    for part in _items(task, scored_places(task, suite, experiment.evaluation), template=template):
        whole.update(_json(part) + b"\n")
    return whole.hexdigest()


def _scoring(task: Task) -> Mapping[str, Any]:
    """Return what turns answers into scores: the task's fields, the code of its functions, the versions of scorers."""
    fields = {name: _without_functions(getattr(task.config, name, None)) for name in _SCORING_FIELDS}
    return {
        "fields": fields,
        "code": {name: code_sha256(function) for name, function in _functions(task.config).items()},
        "task": None if type(task).__module__.startswith("lm_eval.") else code_sha256(type(task)),
        "scorer": SCORER_VERSION,
        "lm_eval": version("lm_eval"),
    }


def _functions(config: Any) -> dict[str, Callable[..., Any]]:
    """Return the functions of a task's configuration that score; those that build items show in the items."""
    found = {} if not callable(config.process_results) else {"process_results": config.process_results}
    for place, metric in enumerate(config.metric_list or ()):
        found |= {
            f"{field} {place}": metric[field] for field in ("metric", "aggregation") if callable(metric.get(field))
        }
    return found


def _without_functions(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_functions(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_functions(each) for each in value]
    return None if callable(value) else value


def _items(task: Task, places: list[int] | None, *, template: ChatTemplate | None) -> Iterator[Any]:
    """Yield each document that is scored and every request that lm-eval makes for it, prompts rendered."""
    with without_bars():
        task.build_all_requests(samples=places, apply_chat_template=template is not None, chat_template=template)
    seen: set[Any] = set()
    for request in task.instances:
        if request.doc_id not in seen:
            seen.add(request.doc_id)
            yield [request.doc, task.doc_to_target(request.doc)]
        yield [request.request_type, request.args]


def code_sha256(function: Callable[..., Any]) -> str:
    """Return a digest of the code of a function's module, and of the modules of the same author that it imports.

    Comments, docstrings and layout do not count. Code that is not in a file counts by its name.
    """
    module = inspect.getmodule(function)
    if module is None or getattr(module, "__file__", None) is None:
        return _sha256(getattr(function, "__qualname__", repr(function)))
    return _sha256([getattr(function, "__qualname__", ""), *_code(module, set())])


def _code(module: ModuleType, seen: set[str]) -> Iterator[str]:
    file = Path(str(module.__file__)).resolve()
    if str(file) in seen or file.suffix != ".py":
        return
    seen.add(str(file))
    tree = ast.parse(file.read_text(encoding="utf-8"))
    yield ast.dump(_without_docstrings(tree))
    for name in sorted(_imported(tree)):
        other = sys.modules.get(name)
        if other is not None and getattr(other, "__file__", None) and _same_author(file, name, other):
            yield from _code(other, seen)


def _same_author(file: Path, name: str, other: ModuleType) -> bool:
    return name.startswith("harness.") or Path(str(other.__file__)).resolve().parent == file.parent


def _imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            # A text that stands alone, as one below an attribute does, says something to readers only.
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
    return tree


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def _sha256(value: Any) -> str:
    return hashlib.sha256(_json(value)).hexdigest()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=_plain).encode()


def _plain(value: Any) -> Any:
    """Return a JSON value for what documents may hold beside plain ones: arrays, dates."""
    listed = getattr(value, "tolist", None)
    return listed() if listed is not None else str(value)

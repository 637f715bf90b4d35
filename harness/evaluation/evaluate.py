"""One suite scored on one model, through lm-eval."""

import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lm_eval.evaluator
from lm_eval.api.task import Task

from harness.errors import TaskError
from harness.evaluation.bounded import bound
from harness.evaluation.frozen_prefix import PrefixReader
from harness.evaluation.progress import OnProgress, RequestCounter, without_bars
from harness.evaluation.results import task_metrics, write_results
from harness.evaluation.scorer import SharedPromptLM
from harness.evaluation.support import check_tokenizer
from harness.ledger.artefacts import artefact
from harness.model.modes import evaluation_mode
from harness.records import Evaluation
from harness.spec.records import EvaluationOptions, Split, Suite
from harness.suites.examples import SEED, with_shots
from harness.suites.load import load_task, suggestion
from harness.suites.scored import score_split, scored_places
from harness.trained import FrozenPrefix


def evaluate(
    model: Any,
    tokenizer: Any,
    suite: Suite,
    *,
    folder: Path,
    options: EvaluationOptions,
    beside: Path | None = None,
    include: Sequence[Path] = (),
    relative_to: Path | None = None,
    part: int | None = None,
    split: Split = "test",
    on_progress: OnProgress | None = None,
    reads_once: bool = True,
    prefix: PrefixReader | None = None,
) -> Evaluation:
    """Score `suite` on `model` and return where lm-eval's files are and what they say.

    `model` is a transformers or PEFT model on its device; it comes back in the mode it was in. `folder` (made if
    absent) receives lm-eval's ``results_*.json`` and ``samples_<task>_*.jsonl``; the record names them relative
    to `relative_to`, by default `folder` itself. Tasks are looked up around the spec's folder `beside`, in `include`,
    then among the shipped ones, then in lm-eval. A suite's `limit` and `num_fewshot` go before the options' and
    the task's own. `part` scores that many of the suite's items, drawn from those that it is scored on; `split` may be
    the task's validation split instead of the one that a run scores.
    `on_progress` is called with (requests answered, requests in all). With `reads_once` what all prompts begin with
    is read once, where the model allows it. With a `prefix` of this model, its lower layers are read where they were
    computed for another.

    Raises `TaskError` for a task that cannot be loaded or lacks the suite's metric, `SourceError` for a
    tokenizer that closes every text with a special token, `HarnessError` for scores that are not finite or files
    that cannot be written.
    """
    check_tokenizer(tokenizer)
    with without_bars():
        task = score_split(_prepared(suite, beside, include), split)
    folder.mkdir(parents=True, exist_ok=True)
    counter = RequestCounter(on_progress)
    places = scored_places(task, suite, options, part=part)
    started = time.perf_counter()
    with without_bars(counter), evaluation_mode(model):
        scorer = SharedPromptLM(
            model,
            tokenizer=tokenizer,
            batch_size=options.batch_size,
            counter=counter,
            reads_once=reads_once,
            prefix=prefix,
        )
        output = _score(scorer, suite.task, task, places=places, chat=options.apply_chat_template)
    used = None if prefix is None else prefix.used()
    seconds = time.perf_counter() - started - (used.seconds if used else 0.0)
    output["config"] = _config(model, scorer, options, suite)
    output |= {"lm_eval_version": version("lm_eval"), "transformers_version": version("transformers")}
    root = folder if relative_to is None else relative_to
    return _written(output, suite.task, folder=folder, root=root, scorer=scorer.engine, seconds=seconds, prefix=used)


def _prepared(suite: Suite, beside: Path | None, include: Sequence[Path]) -> Task:
    """Load the suite's task with its shots set, and check that it has the suite's metric."""
    task = load_task(suite.task, beside=beside, include=include)
    known = sorted(task.aggregation())
    if suite.metric.partition(",")[0] not in known:  # a filter's name may follow
        raise TaskError(
            f"task {suite.task} has no metric {suite.metric!r}{suggestion(suite.metric, known)}; "
            f"it has {', '.join(known)}."
        )
    if _runs_code(task):  # it is loaded with consent only
        bound(task)
    return with_shots(task, suite)


def _runs_code(task: Task) -> bool:
    return bool(getattr(task, "UNSAFE_CODE", False))


def _score(scorer: SharedPromptLM, name: str, task: Task, *, places: list[int] | None, chat: bool) -> dict[str, Any]:
    try:
        output: dict[str, Any] = lm_eval.evaluator.evaluate(
            lm=scorer,
            task_dict={"tasks": {name: task}},
            samples=None if places is None else {name: places},
            bootstrap_iters=0,
            log_samples=True,
            apply_chat_template=chat,
            confirm_run_unsafe_code=_runs_code(task),
        )
    except ValueError as error:
        raise TaskError(f"task {name} cannot be scored: {error}") from error
    if places is not None:  # lm-eval notes the whole task
        output["n-samples"][name]["effective"] = len(places)
    return output


def _written(
    output: dict[str, Any],
    task: str,
    *,
    folder: Path,
    root: Path,
    scorer: str,
    seconds: float,
    prefix: FrozenPrefix | None,
) -> Evaluation:
    """Write what lm-eval returned below `folder` and return the record of it, its files named relative to `root`."""
    samples = output.pop("samples")
    written = write_results(output, samples, task=task, model=output["config"]["model_args"], folder=folder)
    results, samples_file = (file.relative_to(root).as_posix() for file in (written.results, written.samples))
    return Evaluation(
        task=task,
        items=output["n-samples"][task]["effective"],
        metrics=task_metrics(output, task),
        results=results,
        samples=samples_file,
        scorer=scorer,
        seconds=seconds,
        prefix=prefix,
        files={results: artefact(written.results), samples_file: artefact(written.samples)},
    )


def _config(model: Any, scorer: SharedPromptLM, options: EvaluationOptions, suite: Suite) -> dict[str, Any]:
    """Return what lm-eval's command line would have noted of the model and the run."""
    return {
        "model": scorer.engine,
        "model_args": Path(str(model.config.name_or_path)).name or type(model).__name__,
        "model_dtype": str(model.dtype),
        "batch_size": options.batch_size,
        "device": str(scorer.device),
        "limit": options.limit if suite.limit is None else suite.limit,
        "limit_order": options.limit_order,
        "limit_seed": options.limit_seed,
        "bootstrap_iters": 0,
        "fewshot_seed": SEED,
    }

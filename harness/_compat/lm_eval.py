"""What we change in lm-eval and where we rely on its inside, each with the condition under which it can go."""

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import lm_eval.utils
from jinja2 import BaseLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lm_eval.loggers import EvaluationTracker


@functools.cache
def prepare_templates() -> None:
    """Render a task's Jinja templates in a sandbox, and keep what was compiled.

    lm-eval's own environment reaches every attribute, so that a template can run any program; a sandbox reaches none
    that begins with an underscore and changes no document. Compiling takes longer than rendering, and lm-eval compiles
    anew for every document. Delete when upstream's `lm_eval.utils.apply_template` does both.
    """
    before = lm_eval.utils.env
    sandbox: Any = ImmutableSandboxedEnvironment(
        loader=BaseLoader(), undefined=StrictUndefined, keep_trailing_newline=before.keep_trailing_newline
    )
    sandbox.filters.update(before.filters)
    sandbox.from_string = functools.lru_cache(sandbox.from_string)
    lm_eval.utils.env = sandbox


@contextlib.contextmanager
def bars_replaced(module: Any, answered: Callable[[int], None] = lambda _count: None) -> Iterator[None]:
    """Replace the `tqdm` that one of lm-eval's modules draws bars with while the block runs.

    `answered` is called with the count by which a bar that is not disabled moves on. Delete when upstream has a switch
    for the bars that it draws while it builds prompts, and a callback for requests.
    """

    def bar(iterable: Iterable[Any] = (), *, disable: bool = False, **_: Any) -> _Bar:
        return _Bar(iterable, (lambda _count: None) if disable else answered)

    original, module.tqdm = module.tqdm, bar
    try:
        yield
    finally:
        module.tqdm = original


class _Bar:
    """The part of tqdm's interface that lm-eval uses."""

    def __init__(self, iterable: Iterable[Any], moved: Callable[[int], None]) -> None:
        self._iterable = iterable
        self._moved = moved

    def __iter__(self) -> Iterator[Any]:
        for each in self._iterable:
            yield each
            self._moved(1)

    def update(self, count: int = 1) -> None:
        self._moved(count)

    def close(self) -> None:
        """Nothing was opened."""


def write_result_files(
    results: dict[str, Any], samples: Mapping[str, list[Any]], *, task: str, model: str, folder: Path
) -> str | None:
    """Let lm-eval's tracker write its two files of one task straight into `folder`, and return their time stamp.

    None where it wrote none: the tracker logs its errors and goes on. Delete when upstream's tracker takes the folder
    itself (today it writes into a sub-folder named after the model) and returns the paths that it wrote.
    """
    tracker = EvaluationTracker(output_path=str(folder))
    tracker.general_config_tracker.log_experiment_args(
        model_source="shared-prompt",
        model_args={"pretrained": model},
        system_instruction=None,
        chat_template=None,
        fewshot_as_multiturn=False,
    )
    tracker.general_config_tracker.model_name_sanitized = ""
    tracker.save_results_aggregated(results=results, samples=dict(samples))
    tracker.save_results_samples(task_name=task, samples=samples[task])
    return getattr(tracker, "date_id", None)

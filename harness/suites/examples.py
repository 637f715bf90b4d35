"""The examples before each item of a suite: the same for all of its items, drawn with a seed, and never scored.

They come from the split that the task names for examples, else from its training split, else from its validation split,
as lm-eval takes them. Where a task has the scored split alone, they come from there and are left out of what is scored.
lm-eval builds the prompts: what it needs to be told is which documents are the examples.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lm_eval.api.samplers import ContextSampler
from lm_eval.api.task import Task

from harness.errors import TaskError
from harness.spec.records import Suite
from harness.suites.drawing import labels_of, spread

SEED = 1234
"""lm-eval's own default, which its command line hands to a task's sampler too."""

POOL = 32
"""Documents set aside for examples: k examples are the first k of them, so that five are the first five of eight."""


class SameForAll(ContextSampler):
    """A sampler of lm-eval that gives every item the same examples, drawn by `SEED` in proportion over their forms.

    A suite's YAML may name it (``fewshot_config: {sampler: !function harness.suites.examples.SameForAll}``), so that
    lm-eval's command line takes the same examples; `with_shots` gives it to every task that has lm-eval's default.
    """

    def __init__(self, df: Sequence[dict[str, Any]] | None = None, *, rnd: int | None = None, **options: Any) -> None:
        super().__init__(df, rnd=rnd, **options)
        self._pools: dict[int, list[dict[str, Any]]] = {}
        self._seed = SEED

    def set_rnd(self, rnd: int | None) -> "SameForAll":
        """Draw with the seed `rnd` from now on."""
        super().set_rnd(rnd)
        self._seed, self._pools = SEED if rnd is None else rnd, {}
        return self

    def sample(
        self, n: int, eval_doc: dict[str, Any] | None = None, df: Sequence[dict[str, Any]] | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        """Return the first `n` documents of the pool; `eval_doc`, which is asked about, is none of them."""
        del df
        pool = self.pool(n)
        return pool[:n] if eval_doc is None else [each for each in pool if each != eval_doc][:n]

    def pool(self, shots: int) -> list[dict[str, Any]]:
        """Return the documents that are set aside for `shots` examples: `POOL`, or one more than there are examples."""
        count = max(POOL, shots + 1)
        if count not in self._pools:
            places = spread(labels_of(self.df), count, seed=self._seed)
            self._pools[count] = [self.df[place] for place in places]
        return self._pools[count]


def with_shots(task: Task, suite: Suite) -> Task:
    """Set how many examples stand before each item, and which; return the task.

    A task whose own YAML lists its examples, or takes the first, keeps them. Raises `TaskError` where there are too few
    documents, and for a task that scores whole texts, which no example can stand before.
    """
    if suite.num_fewshot is not None:
        task.set_config(key="num_fewshot", value=suite.num_fewshot)
    elif task.get_config("num_fewshot") is None:
        task.set_config(key="num_fewshot", value=0)
    if type(getattr(task, "sampler", None)) is ContextSampler:
        task.sampler = SameForAll(task.sampler.df)
    task.set_fewshot_seed(seed=SEED)
    _check(task, task.config.num_fewshot)
    return task


@contextmanager
def unchanged(task: Task, key: str) -> Iterator[None]:
    """Put a field of the task's configuration back to what it was before the block."""
    own = task.get_config(key)
    try:
        yield
    finally:
        task.set_config(key=key, value=own)


@contextmanager
def shots_for_now(task: Task, suite: Suite) -> Iterator[Task]:
    """Yield the task as `with_shots` sets it, and leave it with its own number of examples."""
    with unchanged(task, "num_fewshot"):
        yield with_shots(task, suite)


def set_aside(task: Task, *, whole: bool) -> Sequence[Mapping[str, Any]]:
    """Return the documents of the scored split that are examples; with `whole` those that any number might take.

    There are none where the examples come from another split or the task brings its own. Call it after `with_shots`.
    """
    sampler, shots = getattr(task, "sampler", None), task.config.num_fewshot
    if not isinstance(sampler, SameForAll) or _examples_split(task) != _scored_split(task):
        return []
    return sampler.pool(shots) if whole else sampler.sample(shots)


def _examples_split(task: Task) -> str | None:
    config = task.config
    return task.fewshot_cfg.split or config.training_split or config.validation_split or config.test_split


def _scored_split(task: Task) -> str | None:
    return task.config.test_split or task.config.validation_split


def _check(task: Task, shots: int) -> None:
    if not shots:
        return
    if task.OUTPUT_TYPE == "loglikelihood_rolling":
        raise TaskError(
            f"task {task.task_name} scores whole texts, which no examples can stand before: leave `num_fewshot` out."
        )
    sampler = getattr(task, "sampler", None)
    # One of the scored documents must be left to be asked about.
    there = len(sampler.df) - (_examples_split(task) == _scored_split(task)) if sampler else 0
    if shots > there:
        raise TaskError(
            f"task {task.task_name}: {shots} examples are asked for and {there} documents are there to take them from. "
            "Lower `num_fewshot`, or name another `fewshot_split` in its YAML."
        )

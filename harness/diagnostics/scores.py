"""The suites' own scores in the middle of a training, on some of their items, without leaving a trace in it."""

import contextlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harness.evaluation import evaluate
from harness.spec.records import Experiment, Role, Suite
from harness.suites.load import load_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Scores a model as a run does, but on at most `items` of each suite: the same ones each time."""

    experiment: Experiment
    tokenizer: PreTrainedTokenizerBase
    items: int

    def __call__(self, model: PreTrainedModel, role: Role) -> Mapping[str, float]:
        """Return by task the suite's metric; raises as `evaluate` does."""
        with generators_kept():
            return {suite.task: self._of(suite, model) for suite in self.experiment.suites_of(role)}

    def _of(self, suite: Suite, model: PreTrainedModel) -> float:
        experiment = self.experiment
        with TemporaryDirectory() as folder:
            scored = evaluate(
                model,
                self.tokenizer,
                suite,
                folder=Path(folder),
                options=experiment.evaluation,
                beside=experiment.file.parent,
                include=experiment.include,
                part=self.items,
                reads_once=experiment.execute.reads_once,
            )
        # A filter's name may follow the metric's; without one lm-eval's first is meant.
        return next(value for key, value in scored.metrics.items() if suite.metric in (key, key.partition(",")[0]))


def lower_is_better(experiment: Experiment, roles: Sequence[Role]) -> frozenset[str]:
    """Return the tasks of suites of these roles whose metric falls as a model gets better."""
    suites = [suite for suite in experiment.suites if suite.role in roles]
    return frozenset(suite.task for suite in suites if not _rises(suite, experiment))


def _rises(suite: Suite, experiment: Experiment) -> bool:
    task = load_task(suite.task, beside=experiment.file.parent, include=experiment.include)
    return bool(task.higher_is_better().get(suite.metric.partition(",")[0], True))


@contextlib.contextmanager
def generators_kept() -> Iterator[None]:
    """Leave the random generators of torch, numpy and Python after the block as they were before it."""
    of_numpy, of_python = np.random.get_state(), random.getstate()  # noqa: NPY002 - the one that training draws from
    try:
        with torch.random.fork_rng():
            yield
    finally:
        np.random.set_state(of_numpy)  # noqa: NPY002 - as above
        random.setstate(of_python)

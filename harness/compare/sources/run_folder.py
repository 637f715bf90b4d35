"""A run folder of ours as a table of scores: every recipe, seed and suite that has been scored."""

from collections.abc import Iterator
from pathlib import Path

from harness.compare.design import NO_CLUSTER
from harness.compare.sources._base import ScoreSource
from harness.compare.sources.lm_eval import ScoreLabels, read_samples
from harness.compare.tidy import Score
from harness.ledger import RunFolder
from harness.ledger.damage import refuse_damaged
from harness.ledger.lock import LOCK
from harness.records import CellResult
from harness.spec.records import Experiment


class RunFolderSource(ScoreSource):
    """The cells of a run that have finished, in the order of the plan; a suite with two roles has its rows twice."""

    def recognises(self, path: Path) -> bool:
        """Return whether a folder holds a run."""
        return (path / LOCK).is_file()

    def read(self, path: Path) -> Iterator[Score]:
        """Yield the scores of every finished cell."""
        run = RunFolder(path)
        experiment = run.experiment
        refuse_damaged(run)
        for outcome in run.outcomes:
            if isinstance(outcome, CellResult):
                yield from _cell_scores(run, experiment, outcome)


def _cell_scores(run: RunFolder, experiment: Experiment, result: CellResult) -> Iterator[Score]:
    folder, cell = run.cell_folder(result.cell), result.cell
    samples = {evaluation.task: folder / evaluation.samples for evaluation in result.evaluations}
    for suite in experiment.suites:
        if suite.task in samples:
            labels = ScoreLabels(
                model=cell.model or experiment.model.name,
                recipe=cell.recipe,
                seed=cell.seed,
                suite=suite.task,
                role=suite.role,
                cluster=None if suite.cluster == NO_CLUSTER else suite.cluster,
            )
            yield from read_samples(samples[suite.task], labels)

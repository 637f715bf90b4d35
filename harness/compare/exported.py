"""Scores as they may leave a machine: without labels of clusters where these quote texts that a licence keeps back."""

from collections.abc import Iterable, Iterator

from harness.compare.sources import read_tidy
from harness.compare.sources.sample_files import SampleFile
from harness.compare.tidy import Score
from harness.declarations.licences import UNKNOWN, kept_back, may_be_shown
from harness.ledger import RunFolder
from harness.records import CellResult


def kept_back_of(run: RunFolder) -> dict[str, str]:
    """Return a run's tasks whose items a licence keeps back, with the licence.

    What a task declares now and what was logged when it was scored both count: a task that is no longer where it was
    goes on keeping its items.
    """
    experiment = run.experiment
    found = kept_back(
        {suite.task for suite in experiment.suites},
        beside=experiment.file.parent,
        include=experiment.include,
    )
    return dict(sorted({**dict(_logged(run)), **found}.items()))


def exported(run: RunFolder) -> list[Score]:
    """Return a run's scores; clusters of suites that are kept back are numbers, which sort as their labels do."""
    scores = list(read_tidy(run.folder))
    hidden, labels = kept_back_of(run), dict[str, set[str]]()
    for each in scores:
        if each.suite in hidden and each.cluster is not None:
            labels.setdefault(each.suite, set()).add(each.cluster)
    numbers = {suite: numbered(found) for suite, found in labels.items()}
    return [each._replace(cluster=numbers.get(each.suite, {}).get(each.cluster or "", each.cluster)) for each in scores]


def numbered(labels: Iterable[str]) -> dict[str, str]:
    """Return what stands for each label of a cluster that is kept back: a number, which sorts as the label does."""
    return {label: f"cluster {k:06}" for k, label in enumerate(sorted(labels))}


def _logged(run: RunFolder) -> Iterator[tuple[str, str]]:
    """Yield the tasks that were kept back when a cell was scored; the first cell that has a task speaks for it."""
    seen = set[str]()
    for outcome in run.outcomes:
        for each in outcome.evaluations if isinstance(outcome, CellResult) else ():
            if each.task in seen:
                continue
            seen.add(each.task)
            said = SampleFile.of(run.cell_folder(outcome.cell) / each.samples).noted_of_task("configs")
            metadata = said.get("metadata") if isinstance(said, dict) else None
            if isinstance(metadata, dict) and not may_be_shown(metadata):
                yield each.task, str(metadata.get("licence", UNKNOWN))

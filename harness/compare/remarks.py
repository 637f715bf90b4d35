"""What the sample files of one suite say against comparing them, and what a reader must know of them."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from harness.compare.sources import ScoredItem, ScoreFile
from harness.compare.sources.settings import agrees
from harness.declarations.metrics import metric
from harness.spec.records import Suite


def out_of_range(file: ScoreFile, name: str, items: Sequence[ScoredItem]) -> Iterator[str]:
    """Yield that scores are outside of what their metric can be."""
    known = metric(name)
    outside = [item for item in items if not known.low <= item.score <= known.high]
    if outside:
        first = outside[0]
        yield (
            f"{file.path}: {len(outside)} scores of {name} are outside {known.low:g} to {known.high:g}, "
            f"the first {first.score:g} (doc_id {first.doc_id})."
        )


def made_of(suite: Suite, made: str | None) -> Iterator[str]:
    """Yield that a suite's score is none of its items, where `made` names how all of them make it."""
    if made:
        yield (
            f"{suite.task}: {suite.metric} is a score over all items at once ({made}); what each item, or cluster of "
            "them, contributes is its pseudo-value, from the score without it."
        )


def mixed(files: Sequence[ScoreFile], suite: Suite) -> Iterator[str]:
    """Yield that files were scored in ways that cannot be compared."""
    versions = sorted({file.version for file in files if file.version is not None})
    if len(versions) > 1:
        yield f"{suite.task} was scored in versions {', '.join(versions)} of the task: score all with one."
    yield from _mixed_settings(files, suite)
    shots = sorted({file.shots for file in files if file.shots is not None})
    if len(shots) > 1:
        yield f"{suite.task} was scored with {', '.join(map(str, shots))} few-shot examples: score all with one."


def _mixed_settings(files: Sequence[ScoreFile], suite: Suite) -> Iterator[str]:
    """Yield settings that two files name and disagree about; one that only some name may be a version's default."""
    for name in sorted({name for file in files for name in file.settings}):
        said = {file.settings[name]: file.path for file in files if name in file.settings}
        if len(said) > 1:
            (one, first), (other, second) = list(said.items())[:2]
            yield (f"{suite.task} was scored with {name} {one} in {first} and {other} in {second}: score all with one.")


def cut_off(file: ScoreFile, items: Sequence[ScoredItem]) -> Iterator[str]:
    """Yield if a file holds fewer items than were scored: it ends early, and at the end of a line."""
    if file.recorded_items is not None and len(items) < file.recorded_items:
        yield (
            f"{file.path} has {len(items)} items, and {file.recorded_items} were scored: the file was cut off; score "
            "again or copy it whole."
        )


def not_the_mean(file: ScoreFile, suite: Suite, items: Sequence[ScoredItem]) -> Iterator[str]:
    """Yield if the mean of a file's items is not the score that was recorded of them."""
    mean = fmean(item.score for item in items) if items else 0.0
    if file.recorded is not None and not agrees(mean, file.recorded):
        yield (
            f"{suite.task}: {suite.metric} is {file.recorded:.6g} by the results file and {mean:.6g} as the mean of "
            f"the items in {file.path}, which is what is compared: the task sums up otherwise, or the file was changed."
        )


def remarks(files: Sequence[ScoreFile], suite: Suite) -> Iterator[str]:
    """Yield what a reader must know of how the files of a suite were scored."""
    yield from (file.note for file in files if file.note)
    if any(file.version is None and not file.tabled for file in files):
        yield (
            f"{suite.task}: not every sample file has its results file beside it, so task versions were not compared."
        )
    dtypes = sorted({file.dtype for file in files if file.dtype is not None})
    if len(dtypes) > 1:
        yield f"{suite.task}: the models were scored in {', '.join(dtypes)}; what casting changes is part of the gap."
    sizes = sorted({file.batch_size for file in files if file.batch_size is not None})
    if len(sizes) > 1 or "auto" in "".join(sizes):
        yield f"{suite.task}: batch sizes {', '.join(sizes)}; scores change slightly with it, fix it for all arms."

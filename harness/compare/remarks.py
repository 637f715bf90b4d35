"""What the sample files of one suite say against comparing them, and what a reader must know of them."""

from collections.abc import Iterator, Sequence

from harness.compare.sources import ScoredItem, ScoreFile
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
    shots = sorted({file.shots for file in files if file.shots is not None})
    if len(shots) > 1:
        yield f"{suite.task} was scored with {', '.join(map(str, shots))} few-shot examples: score all with one."


def remarks(files: Sequence[ScoreFile], suite: Suite) -> Iterator[str]:
    """Yield what a reader must know of how the files of a suite were scored."""
    yield from (file.note for file in files if file.note)
    if any(file.version is None for file in files):
        yield (
            f"{suite.task}: not every sample file has its results file beside it, so task versions were not compared."
        )
    sizes = sorted({file.batch_size for file in files if file.batch_size is not None})
    if len(sizes) > 1 or "auto" in "".join(sizes):
        yield f"{suite.task}: batch sizes {', '.join(sizes)}; scores change slightly with it, fix it for all arms."

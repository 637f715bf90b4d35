"""What a reader of a verdict must know of arms that were trained elsewhere."""

from collections.abc import Iterator

from harness.spec.records import Experiment


def unknown_seeds(experiment: Experiment) -> frozenset[tuple[str, int]]:
    """Return the arms and places, by the experiment's seeds, of models whose own seed is not known."""
    return frozenset(
        (arm.name, place)
        for arm in experiment.arms
        for place, weights in arm.by_seed(experiment.seeds).items()
        if weights.seed is None
    )


def existing_notes(experiment: Experiment) -> Iterator[str]:
    """Yield what was not trained here, and whose runs pair by their order alone, of the arms that are compared."""
    compared = (experiment.comparison.reference, *experiment.comparison.candidates)
    arms = [arm for arm in experiment.arms if arm.name in compared]
    if arms:
        listed = ", ".join(f"{arm.name} ({len(arm.weights)} {arm.kind}s)" for arm in arms)
        yield (
            f"not trained here: {listed}; on what rows, in which order and for how long is not known, so a gap may be "
            "one of trainings and not of recipes, and what they cost is left blank."
        )
    unknown = {name for name, _ in unknown_seeds(experiment)}
    unpaired = [arm.name for arm in arms if arm.name in unknown]
    if unpaired:
        yield (
            f"seeds of {', '.join(unpaired)} are not known: these runs are held against the others' in the order in "
            "which the spec lists them, which keeps the error rates and narrows no interval."
        )

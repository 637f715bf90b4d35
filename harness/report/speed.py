"""How much faster each recipe trains than the reference, and what looking at data beforehand cost."""

from collections.abc import Sequence
from statistics import mean

from harness.compare.times import faster, results_of
from harness.ledger import Outcome
from harness.records import CellResult
from harness.report.gaps import p_value
from harness.report.layout import prose, table
from harness.report.scores import NONE, spread
from harness.spec.records import Experiment
from harness.statistics.speedup import SpeedUp


def speed_table(experiment: Experiment, outcomes: Sequence[Outcome]) -> str:
    """Return the table; empty while no recipe has finished."""
    rows = [
        _row(experiment, outcomes, recipe.id, results)
        for recipe in experiment.recipes
        if (results := results_of(outcomes, recipe.id))
    ]
    if not rows:
        return ""
    reference = experiment.comparison.reference
    title = (
        f"Training time: speed-up against {reference} (above 1×: faster), geometric mean over seeds with its 95% "
        "paired interval. With the probe, the time to rank layers or prepare weights by data counts too."
    )
    headers = ["recipe", "train s", "tokens/s", "speed-up\n[interval]", "p", "probe s", "with the\nprobe"]
    return f"{prose(title)}\n{table(rows, headers)}"


def _row(experiment: Experiment, outcomes: Sequence[Outcome], recipe: str, results: Sequence[CellResult]) -> list[str]:
    trainings = [each.training for each in results]
    row = [
        recipe,
        spread([each.train_time for each in trainings], digits=1),
        f"{mean(each.tokens_per_second for each in trainings):.0f}",
    ]
    probes, trained = mean(each.probe_seconds for each in trainings), mean(each.train_time for each in trainings)
    probe = f"{probes:.1f}\n({probes / trained:.1%} of train s)" if probes else NONE
    if recipe == experiment.comparison.reference:
        return [*row, "reference", "", probe, ""]
    found = faster(outcomes, experiment.comparison.reference, recipe)
    p = NONE if found.training is None else p_value(found.training.p)
    return [*row, _ratio(found.training), p, probe, _ratio(found.with_probes) if probes else NONE]


def _ratio(found: SpeedUp | None) -> str:
    return NONE if found is None else f"{found.estimate:.2f}×\n[{found.low:.2f}, {found.high:.2f}]"

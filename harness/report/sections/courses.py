"""What diagnostics found, drawn: by layer, by step of a training, and on the way between two weights."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.codec import decode
from harness.ledger import RunFolder
from harness.ledger.outcomes import trained
from harness.measured import (
    ActivationShift,
    AttentionDrift,
    LayerChoice,
    Monitored,
    Path,
    RepresentationDrift,
    Spectrum,
)
from harness.measured import Point as Place
from harness.records import CellResult, Measurement
from harness.report.document import Cell, Figure, Number, Point, Table
from harness.report.sections.diagnostics import DOMAINS, taken

Course = Sequence[tuple[float, float]]
"""Where each value is, and the value."""
Panels = Mapping[str, Course]

_LAYER = re.compile(r"\.(\d+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """One figure of a diagnostic: what its axes are, and the courses that a measurement has, a panel each."""

    diagnostic: str
    name: str
    title: str
    x: str
    y: str
    panels: Callable[[Measurement], Panels]


def diagnostics_figures(run: RunFolder) -> Iterator[Figure]:
    """Yield the figures of each diagnostic of harness's own that was taken, a line a cell; nothing where none was."""
    results = trained(run.outcomes)
    for drawn in _DRAWN:
        found = [(cell, drawn.panels(measured)) for cell, measured in taken(results, drawn.diagnostic)]
        shown = [(cell, name, course) for cell, panels in found for name, course in panels.items() if course]
        if shown:
            yield _figure(drawn, shown)


def _figure(drawn: _Drawn, shown: Sequence[tuple[CellResult, str, Course]]) -> Figure:
    return Figure(
        name=drawn.name,
        kind="courses",
        title=f"{drawn.title}, a thin line a seed",
        alt=f"{drawn.title}, by recipe; ends and extremes are in the table below.",
        data={"courses": tuple(point for each in shown for point in _points(*each))},
        axes={"x": drawn.x, "y": drawn.y},
        table=Table(
            title=f"{drawn.title}: {drawn.y} at the ends, and its extremes",
            headers=("recipe", "seed", "of", "first", "last", "lowest", "highest"),
            rows=tuple(_row(*each) for each in shown),
        ),
    )


def _points(cell: CellResult, panel: str, course: Course) -> Iterator[Point]:
    for x, y in course:
        yield {"panel": panel, "recipe": cell.cell.recipe, "seed": str(cell.cell.seed), "x": x, "y": y}


def _row(cell: CellResult, panel: str, course: Course) -> tuple[Cell, ...]:
    values = [y for _, y in course]
    figures = (values[0], values[-1], min(values), max(values))
    return (
        cell.cell.recipe,
        str(cell.cell.seed),
        panel,
        *(Number(value=each, form="{:.4g}") for each in figures),
    )


def _by_layer(values: Sequence[float]) -> Course:
    return list(enumerate(values))


def _ranks(measured: Measurement) -> Panels:
    """Return the effective rank of each layer, the mean over the modules whose names have its number."""
    layers: dict[int, list[float]] = defaultdict(list)
    for each in decode(Spectrum, measured.details).modules:
        if found := _LAYER.search(each.module):
            layers[int(found[1])].append(each.effective)
    return {"all modules": [(layer, sum(found) / len(found)) for layer, found in sorted(layers.items())]}


def _decay(measured: Measurement) -> Panels:
    return {"all modules": list(enumerate(decode(Spectrum, measured.details).decay, 1))}


def _distances(measured: Measurement) -> Panels:
    domains = decode(AttentionDrift, measured.details).domains
    return {DOMAINS[name]: _by_layer(each.distance) for name, each in domains.items()}


def _entropies(measured: Measurement) -> Panels:
    domains = decode(AttentionDrift, measured.details).domains
    return {
        DOMAINS[name]: _by_layer(
            [after - before for before, after in zip(each.entropy_base, each.entropy, strict=True)]
        )
        for name, each in domains.items()
    }


def _similarities(measured: Measurement) -> Panels:
    domains = decode(RepresentationDrift, measured.details).domains
    return {DOMAINS[name]: _by_layer(each.cka) for name, each in domains.items()}


def _moved(measured: Measurement) -> Panels:
    domains = decode(ActivationShift, measured.details).domains
    return {DOMAINS[name]: _by_layer(each.share) for name, each in domains.items()}


def _norms(measured: Measurement) -> Panels:
    found = decode(LayerChoice, measured.details)
    return {found.rows: _by_layer(found.norms)}


def _looks(measured: Measurement) -> Panels:
    """Return what was looked at while a training went on, each measure a panel of its own."""
    looks = decode(Monitored, measured.details).looks
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for look in looks:
        seen = {
            "held-out over training loss, nats": look.gap,
            "effective rank": look.rank,
            "gradient's norm": look.gradient,
        }
        for name, value in (*seen.items(), *look.guard.items(), *look.outside.items()):
            if value is not None:
                found[name].append((look.step, value))
    return found


def _checkpoints(measured: Measurement) -> Panels:
    return _by_task(decode(Path, measured.details).checkpoints)


def _line(measured: Measurement) -> Panels:
    return _by_task(decode(Path, measured.details).line)


def _by_task(places: Sequence[Place]) -> Panels:
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for place in places:
        for task, score in place.scores.items():
            found[task].append((place.at, score))
    return found


_DRAWN = (
    _Drawn(
        diagnostic="spectrum",
        name="spectrum-by-layer",
        title="Effective rank of what training changed, mean over modules, by layer",
        x="layer",
        y="effective rank",
        panels=_ranks,
    ),
    _Drawn(
        diagnostic="spectrum",
        name="singular-values",
        title="Singular values of what training changed over the largest, mean over modules",
        x="place",
        y="share of the largest",
        panels=_decay,
    ),
    _Drawn(
        diagnostic="attention_drift",
        name="attention-by-layer",
        title="Distance of attention maps from the base's, by layer",
        x="layer",
        y="Jensen-Shannon distance",
        panels=_distances,
    ),
    _Drawn(
        diagnostic="attention_drift",
        name="entropy-by-layer",
        title="Entropy of attention less the base's, by layer",
        x="layer",
        y="change of entropy, bits",
        panels=_entropies,
    ),
    _Drawn(
        diagnostic="representation_drift",
        name="similarity-by-layer",
        title="Similarity of representations to the base's, by layer",
        x="layer",
        y="linear CKA",
        panels=_similarities,
    ),
    _Drawn(
        diagnostic="activations",
        name="moved-by-layer",
        title="Feed-forward units whose firing moved, by layer",
        x="layer",
        y="share of units",
        panels=_moved,
    ),
    _Drawn(
        diagnostic="monitors",
        name="looks",
        title="Looks while it trained",
        x="step",
        y="value",
        panels=_looks,
    ),
    _Drawn(
        diagnostic="training_path",
        name="checkpoints",
        title="Scores at checkpoints",
        x="step",
        y="the suite's metric",
        panels=_checkpoints,
    ),
    _Drawn(
        diagnostic="training_path",
        name="line",
        title="Scores on the line from the base's weights to the tuned ones",
        x="share of the way",
        y="the suite's metric",
        panels=_line,
    ),
    _Drawn(
        diagnostic="layer_choice",
        name="norms-by-layer",
        title="Norms of the gradient that layers were chosen by",
        x="layer",
        y="norm",
        panels=_norms,
    ),
)

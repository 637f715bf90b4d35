"""What harness's own diagnostics found of each training, a row a cell, and over all cells together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from harness.codec import decode
from harness.ledger import RunFolder
from harness.ledger.outcomes import trained
from harness.measured import (
    ActivationShift,
    AttentionDrift,
    ChoiceStability,
    LayerChoice,
    Likeness,
    Monitored,
    MovedUnit,
    Path,
    Point,
    Quantization,
    RankAgreement,
    RepresentationDrift,
    Spectrum,
)
from harness.records import CellResult, Measurement
from harness.report.document import Cell, Header, Number, Table

DOMAINS = {"in_domain": "in-domain", "out_of_domain": "out-of-domain"}
"""What the domains of probe texts are called."""

_Row = tuple[Cell, ...]
_Rows = Callable[[Measurement], Iterable[_Row]]


def diagnostics_tables(run: RunFolder) -> Iterator[Table]:
    """Yield a table for each diagnostic of harness's own that was taken; nothing where none was."""
    results = trained(run.outcomes)
    for name, (title, headers, rows) in _TABLES.items():
        found = [(each, each.training.measurements[name]) for each in results if name in each.training.measurements]
        shown = taken(results, name)
        if found:
            yield Table(
                title=title,
                headers=("recipe", "seed", *headers, ("took", "s")),
                rows=tuple(
                    (cell.cell.recipe, str(cell.cell.seed), *row, _took(cell, name))
                    for cell, each in shown
                    for row in rows(each)
                ),
                notes=tuple(_left_out(found)),
            )
    yield from _units(results)
    yield from _likeness(run.measurements)
    yield from _stability(run.measurements)


def taken(results: Sequence[CellResult], name: str) -> list[tuple[CellResult, Measurement]]:
    """Return the cells of which a diagnostic was taken, each with what it found: no reason alone why it was not."""
    found = ((cell, cell.training.measurements.get(name)) for cell in results)
    return [(cell, measured) for cell, measured in found if measured and set(measured.details) != {"reason"}]


def _took(cell: CellResult, name: str) -> Cell:
    seconds = cell.costs.seconds.get(f"measure {name}")
    return None if seconds is None else Number(value=seconds, form="{:.1f}", unit="s")


def _left_out(found: Sequence[tuple[CellResult, Measurement]]) -> Iterator[str]:
    reasons = {each.cell.recipe: measured.details.get("reason") for each, measured in found}
    yield from (f"{recipe}: {reason}" for recipe, reason in reasons.items() if reason)
    for each, measured in found:
        for said in measured.details.get("warnings", ()):
            yield f"{each.cell.recipe}, seed {each.cell.seed}, step {said['step']}: {said['seen']}. {said['remedy']}"


def _spectrum(measured: Measurement) -> tuple[Cell, ...]:
    found = decode(Spectrum, measured.details)
    least = "" if found.exact else "≥ "
    effective, stable, share = (found.mean(figure) for figure in ("effective", "stable", "share"))
    return (
        _number(effective, f"{least}{{:.2f}}"),
        _number(stable, "{:.2f}"),
        _number(share, "{:.1%}"),
        _number(found.intruders, "{:.0f}"),
    )


def _attention(measured: Measurement) -> tuple[Cell, ...]:
    found = decode(AttentionDrift, measured.details)
    near, far = found.domains["in_domain"], found.domains["out_of_domain"]
    return (
        Number(value=near.mean, form="{:.4f}"),
        Number(value=far.mean, form="{:.4f}"),
        f"layer {near.farthest[0]}, head {near.farthest[1]}",
    )


def _representation(measured: Measurement) -> tuple[Cell, ...]:
    found = decode(RepresentationDrift, measured.details)
    near, far = found.domains["in_domain"], found.domains["out_of_domain"]
    return tuple(Number(value=each, form="{:.4f}") for each in (near.mean, near.cka[-1], far.mean, far.cka[-1]))


def _activations(measured: Measurement) -> tuple[Cell, ...]:
    found = decode(ActivationShift, measured.details)
    near, far = found.domains["in_domain"], found.domains["out_of_domain"]
    return (
        Number(value=near.moved / near.units, form="{:.2%}"),
        Number(value=far.moved / far.units, form="{:.2%}"),
        _number(found.shared, "{:.1%}"),
    )


def _monitors(measured: Measurement) -> tuple[Cell, ...]:
    found = decode(Monitored, measured.details)
    first, last = found.looks[0], found.looks[-1]
    return (
        _number(last.rank, "{:.2f}"),
        _number(first.gap, "{:.3f}"),
        _number(last.gap, "{:.3f}"),
        _number(last.gradient, "{:.3g}"),
        Number(value=len(found.warnings), form="{:.0f}"),
    )


def _path(measured: Measurement) -> Iterator[_Row]:
    """Yield a row a suite: what a score means differs between them."""
    found = decode(Path, measured.details)
    tasks = dict.fromkeys(task for point in (*found.checkpoints, *found.line) for task in point.scores)
    for task in tasks:
        yield (task, _course(found.checkpoints, task, "{:.0f}"), _course(found.line, task, "{:g}"))


def _course(points: Sequence[Point], task: str, form: str) -> str:
    """Return a suite's scores at the points that have one, each after its place."""
    return ", ".join(f"{form.format(point.at)}: {point.scores[task]:.3f}" for point in points if task in point.scores)


def _units(results: Sequence[CellResult]) -> Iterator[Table]:
    """Yield which feed-forward units moved most, a row a cell and domain; nothing where none was looked at."""
    found = [
        (cell, domain, each.most[:_SHOWN])
        for cell, measured in taken(results, "activations")
        for domain, each in decode(ActivationShift, measured.details).domains.items()
    ]
    if found:
        yield Table(
            title="Units whose firing moved most: layer/unit, and the share of tokens that fire it before and after",
            headers=("recipe", "seed", "texts", "units"),
            rows=tuple(
                (cell.cell.recipe, str(cell.cell.seed), DOMAINS[domain], ", ".join(map(_moved, units)))
                for cell, domain, units in found
            ),
        )


_SHOWN = 3
"""As many of the units that moved most are told on the page; the record has more."""


def _moved(unit: MovedUnit) -> str:
    return f"{unit.layer}/{unit.unit}: {unit.base:.2f} to {unit.tuned:.2f}"


def _likeness(measured: Mapping[str, Measurement]) -> Iterator[Table]:
    kinds = {"seeds of a recipe": "spectrum_between_seeds", "recipes with a seed": "spectrum_between_recipes"}
    found = {kind: decode(Likeness, measured[name].details) for kind, name in kinds.items() if name in measured}
    if found:
        yield Table(
            title=(
                "Directions of the changes between cells: mean cosine of the principal angles of outputs and of "
                "inputs, mean squared cosine, and what that is by chance"
            ),
            headers=("between", "pairs", "outputs", "inputs", "squared", ("by", "chance")),
            rows=tuple(
                (kind, Number(value=len(each.pairs), form="{:.0f}"), *_means(each)) for kind, each in found.items()
            ),
        )


def _layer_choice(measured: Measurement) -> tuple[Cell, ...]:
    found = decode(LayerChoice, measured.details)
    return (
        found.rows,
        Number(value=found.batches, form="{:.0f}"),
        Number(value=len(found.chosen), form=f"{{:.0f}} of {len(found.norms)}"),
        Number(value=found.share, form="{:.1%}"),
    )


def _quantization(measured: Measurement) -> tuple[Cell, ...]:
    found = decode(Quantization, measured.details)
    return (
        Number(value=found.error, form="{:.2%}"),
        Number(value=found.farthest.error, form="{:.2%}"),
        found.farthest.module,
        Number(value=found.bytes_a_weight, form="{:.4f}"),
    )


def _stability(measured: Mapping[str, Measurement]) -> Iterator[Table]:
    if "layer_choice_stability" not in measured:
        return
    found = decode(ChoiceStability, measured["layer_choice_stability"].details)
    yield Table(
        title=(
            "Whether layers are ranked alike: Spearman's correlation of the gradient's norms, its mean over pairs with "
            "the 95% interval over seeds, and the share of the chosen layers in common"
        ),
        headers=(
            "between",
            "read",
            "pairs",
            ("rank", "correlation"),
            "low",
            "high",
            ("in", "common"),
            ("by", "chance"),
        ),
        rows=tuple(_agreement(each) for each in found.agreements),
        notes=("An interval takes three seeds of one recipe, two of two recipes; seeds draw the rows that are read.",),
    )


def _agreement(found: RankAgreement) -> tuple[Cell, ...]:
    (one, other), (mine, theirs) = found.recipes, found.read
    return (
        f"seeds of {one}" if one == other else f"{one} and {other}",
        mine if mine == theirs else f"{mine}; {theirs}",
        Number(value=len(found.pairs), form="{:.0f}"),
        Number(value=found.mean, form="{:.3f}"),
        _number(found.low, "{:.3f}"),
        _number(found.high, "{:.3f}"),
        Number(value=found.in_common, form="{:.1%}"),
        Number(value=found.by_chance, form="{:.1%}"),
    )


def _means(found: Likeness) -> tuple[Cell, ...]:
    means = (found.mean("left"), found.mean("right"), found.mean("overlap"), found.mean("by_chance"))
    return tuple(Number(value=each, form="{:.3f}") for each in means)


def _number(value: float | None, form: str) -> Cell:
    return None if value is None else Number(value=value, form=form)


def _one(row: Callable[[Measurement], _Row]) -> _Rows:
    """Return the rows of a cell that has one."""
    return lambda measured: (row(measured),)


_TABLES: Mapping[str, tuple[str, tuple[Header, ...], _Rows]] = {
    "spectrum": (
        "Spectra of what training changed, means over modules: ranks, share of the squared norm kept; intruders in all",
        (("effective", "rank"), ("stable", "rank"), ("share", "kept"), ("in-", "truders")),
        _one(_spectrum),
    ),
    "attention_drift": (
        "Attention against the base's: mean Jensen-Shannon distance of maps, 0 to 1, with eager attention",
        (("in-", "domain"), ("out-of-", "domain"), ("farthest", "in-domain")),
        _one(_attention),
    ),
    "representation_drift": (
        "Representations against the base: linear CKA, 1 where nothing moved, by domain; mean and last layer",
        (("in:", "mean"), ("", "last"), ("out:", "mean"), ("", "last")),
        _one(_representation),
    ),
    "activations": (
        "Feed-forward units whose firing moved, and the part of them that moved in both domains",
        (("in-", "domain"), ("out-of-", "domain"), ("in", "both")),
        _one(_activations),
    ),
    "monitors": (
        "While it trained: effective rank, held-out over training loss (nats), gradient's norm; early warnings below",
        (("effective", "rank"), ("gap", "before"), ("gap", "after"), ("gra-", "dient"), ("warn-", "ings")),
        _one(_monitors),
    ),
    "training_path": (
        "Scores along the training: at steps, and at shares of the line from the base's weights to the tuned ones",
        ("suite", "steps", "line"),
        _path,
    ),
    "layer_choice": (
        "Layers chosen by data: the rows that were read, and the part of the gradient's norms that the chosen hold",
        ("rows", "batches", "chosen", ("share of", "gradient")),
        _one(_layer_choice),
    ),
    "quantization_error": (
        "Quantized weights of the base against what they were, by Frobenius' norm; bytes a weight with its scales",
        ("error", ("largest", "error"), "in", ("bytes a", "weight")),
        _one(_quantization),
    ),
}

"""The document of an experiment of several models: how each ended, each measure over them, and what failed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.codec import JSON
from harness.declarations.metrics import metric
from harness.plan.costs import Estimate
from harness.records import GIB, MIB, CellFailure
from harness.report.document import (
    Badge,
    Block,
    Cell,
    Document,
    Duration,
    Interval,
    Notice,
    Number,
    Prose,
    Section,
    Table,
    Words,
)
from harness.spec import Campaign
from harness.verdict.over_models import JudgedModel, OfModel, OverModels
from harness.verdict.wording import Scale

_REASON = 48
_NOT_POOLED = (
    "Each model is judged by itself, with intervals and an error rate of its own; the rate of untrue statements "
    "anywhere in these tables is higher. Nothing is pooled over models: they are no sample of all models, and a win "
    "rate counts these."
)
_TITLES = {
    "in_domain": "gap on {of}, in-domain",
    "out_of_domain": "gap on {of}, out-of-domain",
    "extra_forgetting": "forgotten of {of} beyond the reference",
    "training_time": "training time, probes included: speed-up with its 95% interval, each pair by itself",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutcome:
    """How one model of an experiment ended: its base `model`, what is otherwise with it, its cells and failures."""

    judged: JudgedModel
    model: str
    own: Mapping[str, JSON]
    cells: int
    ended: int
    failures: tuple[CellFailure, ...]


def over_models_document(
    name: str, description: str, outcomes: Sequence[ModelOutcome], measures: Sequence[OverModels]
) -> Document:
    """Return the report over models: they, verdicts by model, each measure with its win rate, failures."""
    blocks: list[Block] = [Prose(f"{name}: {description}" if description else name), Prose(_NOT_POOLED)]
    sections = (
        ("models", "Models", (_models(outcomes),)),
        ("verdicts", "Verdicts by model", tuple(_verdicts(outcomes))),
        ("measures", "Measures over models", tuple(_measures(measures, outcomes))),
        ("failures", "Failures", tuple(_failures(outcomes))),
    )
    blocks += [Section(name=key, title=title, blocks=found) for key, title, found in sections if found]
    return Document(tuple(blocks), f"{name}, over models")


def plan_over_models(
    campaign: Campaign, estimates: Mapping[str, Estimate], errors: Mapping[str, str], folder: Path
) -> Document:
    """Return what each model would take, and why nothing is known of others."""
    rows = tuple(_plan_row(name, campaign, estimate) for name, estimate in estimates.items())
    absent = dict.fromkeys(each for estimate in estimates.values() for each in (*estimate.absent, *estimate.reasons))
    seconds, disk = (sum(getattr(each, what) for each in estimates.values()) for what in ("seconds", "disk"))
    said = f"about {Duration(seconds)} of training and scoring one after the other, {disk / MIB:,.0f} MiB kept on disk"
    blocks: list[Block] = [
        Prose(f"{campaign.name}: {campaign.description}" if campaign.description else campaign.name),
        Prose(f"{len(campaign.experiments)} models, each a run of its own → {folder}/MODEL"),
        Table(headers=("name", "model", ("M", "parameters"), "cells", "trials", "~time", "~peak", "disk"), rows=rows),
        Prose(f"{said}; `harness plan SPEC --only MODEL` shows one in full"),
        *_how_known(estimates),
        *(Notice(f"{name}: not planned: {reason}") for name, reason in errors.items()),
        *(Notice(f"assumed, since it is not at hand: {each}") for each in absent),
    ]
    return Document(tuple(blocks))


def _how_known(estimates: Mapping[str, Estimate]) -> Iterator[Block]:
    """Yield of which models the times are scaled, and of which they are a busy machine's."""
    scaled, busy = ([name for name, each in estimates.items() if getattr(each, what)] for what in ("scaled", "busy"))
    if scaled:
        names = ", ".join(scaled)
        yield Notice(f"times of a smaller shape on this machine, scaled by counted operations: {names}")
    if busy:
        yield Notice(f"times of a machine that something else kept busy, too long: {', '.join(busy)}")


def _plan_row(name: str, campaign: Campaign, estimate: Estimate) -> tuple[Cell, ...]:
    return (
        name,
        campaign.experiments[name].model.name,
        Number(value=estimate.parameters, form="{:,.1f}", times=1e-6),
        str(len(estimate.cells)),
        str(len(estimate.trials)),
        Duration(estimate.elapsed),
        Number(value=estimate.at_once * estimate.memory, form="{:.1f} GiB", unit="GiB", times=1 / GIB),
        Number(value=estimate.disk, form="{:,.0f} MiB", unit="MiB", times=1 / MIB),
    )


def _models(outcomes: Sequence[ModelOutcome]) -> Table:
    return Table(
        headers=("name", "model", "otherwise", "cells", "failed", "state"),
        rows=tuple(
            (
                each.judged.name,
                each.model,
                Words(_said(each.own), _REASON) if each.own else None,
                f"{each.ended} of {each.cells}" if each.cells else None,
                str(len(each.failures)),
                "judged" if each.judged.verdicts is not None else Words(each.judged.why, _REASON),
            )
            for each in outcomes
        ),
        notes=("otherwise: what of the experiment is not as with the other models, for all of its recipes alike",),
    )


def _said(own: Mapping[str, JSON]) -> str:
    """Return the values of an entry by their paths: ``training.max_steps=5``."""
    return ", ".join(f"{block}.{key}={value}" for block, said in own.items() for key, value in said.items())


def _verdicts(outcomes: Sequence[ModelOutcome]) -> Iterator[Block]:
    judged = [(each.judged.name, each.judged.verdicts) for each in outcomes if each.judged.verdicts is not None]
    labels: dict[tuple[str, str, str], str] = {}
    for name, verdicts in judged:
        labels |= {(one.candidate, one.place, name): str(one.verdict) for one in verdicts.comparisons}
        labels |= {(one.candidate, one.place, name): str(one.verdict) for one in verdicts.in_domain}
    pairs = dict.fromkeys((candidate, place) for candidate, place, _ in labels)
    if not pairs:
        return
    yield Table(
        headers=("recipe", "on", *(name for name, _ in judged)),
        rows=tuple(
            (candidate, place, *(_badge(labels.get((candidate, place, name))) for name, _ in judged))
            for candidate, place in pairs
        ),
    )


def _badge(label: str | None) -> Cell:
    return None if label is None else Badge(label)


def _measures(measures: Sequence[OverModels], outcomes: Sequence[ModelOutcome]) -> Iterator[Block]:
    unjudged = {each.judged.name for each in outcomes if each.judged.verdicts is None}
    for each in measures:
        ties = f", level in {each.ties}" if each.ties else ""
        rate = "" if each.win_rate is None else f" (win rate {each.win_rate:.0%})"
        yield Table(
            title=f"{each.candidate} against {each.reference}: {_title(each)}",
            headers=("model", ("estimate", "[interval]"), "better", "shown"),
            rows=tuple(_row(each, one) for one in each.models),
            notes=(
                f"{each.candidate} is better in {each.wins} of {len(each.models)} models{ties}{rate}",
                f"shown in {each.shown}, the reverse in {each.shown_against}",
                *(
                    f"left out: {name}: {'no verdict, see Models' if name in unjudged else reason}"
                    for name, reason in each.left_out.items()
                ),
                *(f"{name}: times of a machine that several cells shared" for name in each.shared),
            ),
        )


def _title(each: OverModels) -> str:
    title = _TITLES[each.kind].format(of=each.of)
    return title if each.kind == "training_time" else f"{title}, in {Scale(each.metric).unit}"


def _row(measure: OverModels, one: OfModel) -> tuple[Cell, ...]:
    low, high = one.interval
    if measure.kind == "training_time":
        figure = Interval(estimate=one.estimate, low=low, high=high, form="{:.2f}", symbol="×")
    else:
        scale = Scale(measure.metric)
        form = "{:.1f}" if metric(measure.metric).points else "{:.3g}"
        figure = Interval(estimate=one.estimate, low=low, high=high, form=form, unit=scale.unit, times=scale.times)
    names = {"candidate": measure.candidate, "reference": measure.reference, None: None}
    return (one.model, figure, names[one.ahead], names[one.shown])


def _failures(outcomes: Sequence[ModelOutcome]) -> Iterator[Block]:
    for each in outcomes:
        if each.judged.verdicts is None:
            yield Notice(f"{each.judged.name}: {each.judged.why}")
        for one in each.failures:
            yield Notice(f"{each.judged.name}: failed: {one.cell.id} ({one.kind} in {one.stage}): {one.message}")

"""What ratings come to, as a document: who rated, how far they agree, and each mark with its interval."""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.ratings.agreement import Agreement
from harness.ratings.judged import Judged, Marked, MarkGap
from harness.ratings.key import Key
from harness.ratings.marks import EXPERTISE, MARKS
from harness.ratings.outcome import Ratings
from harness.ratings.returned import Rater
from harness.report.document import Block, Cell, Document, Interval, Notice, Number, Prose, PValue, Table

_TITLES = {mark.name: f"{mark.name} ({mark.range})" for mark in MARKS}


def ratings_document(found: Ratings) -> Document:
    """Return the document; raters stand in it by the names that they gave."""
    key, raters, judged = found.key, found.raters, found.judged
    blocks: tuple[Block, ...] = (
        Prose(_head(key, raters)),
        _gaps(key, judged),
        *_doubts(key, raters, judged),
        _agreement(found.agreement),
        _by_rater(raters, judged),
    )
    return Document(blocks, f"Ratings of {key.task} in {key.run}")


def _head(key: Key, raters: Sequence[Rater]) -> str:
    counted = Counter(each.expertise for each in raters)
    who = ", ".join(f"{counted[name]} {name}" for name in EXPERTISE if counted[name])
    return (
        f"{key.task} in {key.run}: {len(raters)} rater{'s' if len(raters) != 1 else ''} (expertise: {who}) on "
        f"{len(key.pairs)} pairs of {key.reference} beside {', '.join(key.candidates)}, drawn with seed {key.seed}"
    )


def _gaps(key: Key, judged: Judged) -> Table:
    level = judged.level
    family = len(judged.gaps)
    return Table(
        title=(
            f"What raters marked. Each interval is at {level.percent:.4g}%, so that the {family} differences hold "
            f"together at {100 - 100 * level.alpha:g}%; raters and items are taken as drawn from more."
        ),
        headers=("candidate", "mark", key.reference, "candidate's", "difference", "p (adjusted)", "pairs"),
        rows=tuple(
            (
                each.candidate,
                _TITLES[each.mark],
                _cell(each.reference, "{:.3f}"),
                _cell(each.rated, "{:.3f}"),
                _cell(each.gap, "{:+.3f}"),
                _p_value(each.gap),
                str(each.pairs),
            )
            for each in judged.gaps
        ),
        notes=(
            f"difference: {key.reference} minus candidate, above 0 where {key.reference} is better.",
            "preference: the share of pairs in which a side was preferred, and a half of those called equal.",
        ),
    )


def _cell(found: Marked | None, form: str) -> Cell:
    if found is None:
        return None
    if found.interval is None:
        return Number(value=found.mean, form=form)
    low, high = found.interval.interval
    return Interval(estimate=found.mean, low=low, high=high, form=form)


def _p_value(gap: Marked | None) -> Cell:
    adjusted = None if gap is None or gap.interval is None else gap.interval.p_adjusted
    return None if adjusted is None else PValue(adjusted)


def _doubts(key: Key, raters: Sequence[Rater], judged: Judged) -> Iterator[Notice]:
    if len(raters) == 1:
        yield Notice("one rater: this speaks of this rater only, by intervals over items; agreement takes two raters")
    elif len(raters) == 2:  # noqa: PLR2004
        yield Notice("two raters: how raters differ is very poorly known; the intervals hold, and are wide for it")
    if key.of_recipes:
        yield Notice(
            f"{key.training_seeds} training seeds: they are the clusters of items, so that the intervals hold for "
            "other trainings too, and are the wider the fewer there are"
        )
    else:
        why = "one training seed" if key.training_seeds == 1 else "as was declared when the pairs were drawn"
        yield Notice(f"{why}: this speaks of these trained models, not of their recipes")
    for each in judged.gaps:
        for note in each.notes:
            yield Notice(f"{each.candidate}, {each.mark}: {note}")
    yield from _unmarked(key, raters)


def _unmarked(key: Key, raters: Sequence[Rater]) -> Iterator[Notice]:
    for rater in raters:
        without = len(key.pairs) - len(rater.marks)
        if without:
            yield Notice(f"{rater.name} marked nothing of {without} of {len(key.pairs)} pairs")


def _agreement(agreed: Sequence[Agreement]) -> Table:
    notes = tuple(f"{each.mark}: {each.note}." for each in agreed if each.note)
    return Table(
        title="Agreement of raters: Krippendorff's alpha, 1 where they agree throughout, 0 as by chance.",
        headers=("mark", "alpha", "scale", "marked by two or more"),
        rows=tuple(
            (
                each.mark,
                None if each.alpha is None else Number(value=each.alpha, form="{:.3f}"),
                each.scale,
                f"{each.units} {'pairs' if each.of_pairs else 'answers'}",
            )
            for each in agreed
        ),
        notes=notes,
    )


def _by_rater(raters: Sequence[Rater], judged: Judged) -> Table:
    """Return each rater's own differences, to be read by expertise."""
    shown = [each for each in judged.gaps if each.by_rater]
    several = len({each.candidate for each in judged.gaps}) > 1
    heads = tuple(_head_of(each, several=several) for each in shown)
    order = sorted(range(len(raters)), key=lambda k: (-EXPERTISE.index(raters[k].expertise), raters[k].name.casefold()))
    return Table(
        title="Each rater's own differences, over the pairs that all marked.",
        headers=("rater", "expertise", "pairs marked", *heads),
        rows=tuple(
            (
                raters[k].name,
                raters[k].expertise,
                str(len(raters[k].marks)),
                *(Number(value=each.by_rater[k], form="{:+.3f}") for each in shown),
            )
            for k in order
        ),
    )


def _head_of(gap: MarkGap, *, several: bool) -> str | tuple[str, ...]:
    return (gap.candidate, gap.mark) if several else gap.mark

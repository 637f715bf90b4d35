"""What a comparison of inputs says: a sentence, a table of measures, and the words that moved."""

from harness.inputs.shifted import InputShift, Measured
from harness.report.document import Block, Cell, Document, Interval, Notice, Number, Prose, PValue, Table
from harness.statistics.shift import CHANCE, SPLITS

_FORM = {"share told apart": "{:.3f}", "bits a byte": "{:.3f}"}
_NOISE = (
    f"old against itself: how far {SPLITS} random splits of the old prompts lie apart at most, but for the error rate; "
    "the new ones count as shifted beyond it, where the interval agrees."
)
_APART = (
    "share told apart: how often a classifier on words, or pairs of words, ranks a new prompt above an old one, "
    f"neither of which it was fitted on: {CHANCE} is chance, 1 always."
)


def inputs_document(found: InputShift) -> Document:
    """Return the document."""
    blocks: list[Block] = [Prose(conclusion(found)), _table(found)]
    if found.more_frequent or found.less_frequent:
        blocks.append(Prose(_words(found)))
    if found.repeated:
        blocks.append(Notice(f"{found.repeated} of {found.new_prompts} new prompts stand among the old ones too"))
    return Document(tuple(blocks), f"{found.new} beside {found.old}")


def conclusion(found: InputShift) -> str:
    """Return the sentence: look again, or not."""
    sets = f"{found.new_prompts} new prompts ({found.new}) beside {found.old_prompts} old ones ({found.old})"
    if found.look_again:
        return (
            f"Look again: {sets} differ in {', '.join(found.moved)} by more than the old ones differ among themselves. "
            "Score the model in use on the new prompts before it is relied on there; what shifted need not hurt it."
        )
    return (
        f"No need to look again by these measures: {sets} differ by no more than the old ones do among themselves. "
        "A shift of meaning or of right answers is not seen in any of them."
    )


def _table(found: InputShift) -> Table:
    level = 100 * (1 - found.alpha / len(found.measures))
    return Table(
        title=(
            f"Each interval is at {level:.4g}%, so that the {len(found.measures)} measures hold together at "
            f"{100 - 100 * found.alpha:g}%; drawn with seed {found.seed}."
        ),
        headers=(
            *("measure", "old", "new"),
            ("difference, or", "share told apart"),
            *("old against itself", "p", "look again"),
        ),
        rows=tuple(_row(each) for each in found.measures),
        notes=(_NOISE, _APART, *([f"tokens and bits a byte are those of {found.model}."] if found.model else ())),
    )


def _row(each: Measured) -> tuple[Cell, ...]:
    form, shift = _FORM.get(each.unit, "{:.1f}"), each.shift
    signed = form if each.old is None else form.replace(":", ":+")
    return (
        each.name if each.old is None or each.unit in each.name else f"{each.name} ({each.unit})",
        None if each.old is None else Number(value=each.old, form=form),
        None if each.new is None else Number(value=each.new, form=form),
        Interval(estimate=shift.estimate, low=shift.low, high=shift.high, form=signed),
        Number(value=shift.null + shift.noise, form=form, label="up to"),
        PValue(shift.p),
        "yes" if shift.found else "no",
    )


def _words(found: InputShift) -> str:
    more, less = (", ".join(each) or "none" for each in (found.more_frequent, found.less_frequent))
    return f"In more of the new prompts than of the old ones: {more}. In fewer: {less}."

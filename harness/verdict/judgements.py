"""Every judgement of a run stands in its journal, so that one at other seeds than were declared can be told.

Adding seeds after a judgement and judging again at the full level errs more often than is stated, unless the looks were
declared. A run is therefore judged here and nowhere else.
"""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.compare.design import Design
from harness.compare.design_of_run import design_of
from harness.ledger import Journal, RunFolder
from harness.ledger.claims import Claims
from harness.ledger.run import JUDGED
from harness.spec.looks import FEWEST
from harness.verdict.judge import judge
from harness.verdict.looks import title
from harness.verdict.records import Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was judged: the `seeds` with their runs, the `share` of the error rate, and the label of each comparison.

    `stop` is why the run stops at this look, if it does.
    """

    seeds: tuple[int | None, ...]
    share: float
    tail: float
    labels: Mapping[str, str]
    stop: str | None = None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Judgement":
        """Return the judgement that an event of the journal notes."""
        return cls(
            seeds=tuple(event["seeds"]),
            share=float(event["share"]),
            tail=float(event["tail"]),
            labels=dict(event["labels"]),
            stop=event.get("stop"),
        )

    def fields(self) -> dict[str, Any]:
        """Return what an event of the journal holds."""
        return {
            "seeds": list(self.seeds),
            "share": self.share,
            "tail": self.tail,
            "labels": dict(self.labels),
            "stop": self.stop,
        }


def judge_run(run: RunFolder) -> Verdicts:
    """Judge a run as its spec declares, as far as it came, and note the judgement in its journal.

    Raises `ComparisonError` where no cell has finished.
    """
    design = design_of(run)
    verdicts = judge(design, allow_none=True)
    now = tuple(_judgements(design, verdicts))
    with _alone(run):
        before = list(_noted(run.journal))
        notes = [*_undeclared(design, before, verdicts), *_note(run.journal, before, now)]
    return replace(verdicts, notes=(*verdicts.notes, *notes))


@contextlib.contextmanager
def _alone(run: RunFolder) -> Iterator[None]:
    """Let one process at a time note a judgement; a folder that cannot be written is judged without a note."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            held.enter_context(Claims(run.folder).alone("judge"))
        yield


def _noted(journal: Journal) -> Iterator[Judgement]:
    """Yield the judgements that a journal notes; an event that is damaged says nothing."""
    for event in journal.events():
        if event.get("event") == JUDGED:
            with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
                yield Judgement.of(event)


def _judgements(design: Design, verdicts: Verdicts) -> Iterator[Judgement]:
    """Yield what was judged: at each look that was taken, or once."""
    if verdicts.looks is not None:
        for look in verdicts.looks.taken:
            yield Judgement(
                seeds=look.seeds,
                share=design.share(look.number),
                tail=look.tail,
                labels=look.labels,
                stop=look.stop,
            )
    else:
        labels = {title(each): each.verdict for each in verdicts.primary}
        seeds = _seeds(design)[: design.ended]
        yield Judgement(seeds=seeds, share=1.0, tail=design.tail(verdicts.primary_comparisons), labels=labels)


def _seeds(design: Design) -> tuple[int | None, ...]:
    return tuple(run.seed for run in design.reference.runs)


def _undeclared(design: Design, before: Sequence[Judgement], verdicts: Verdicts) -> Iterator[str]:
    """Yield if any of these comparisons was judged before, on seeds that are no look of this design."""
    seeds, asked = _seeds(design), {title(each) for each in verdicts.primary}
    declared = [
        (seeds[:count], design.share(number) if design.looks else 1.0)
        for number, count in enumerate(design.looks or (design.seeds,), 1)
    ]
    others = [
        each
        for each in before
        if len(each.seeds) >= FEWEST
        and asked & set(each.labels)
        and not any(each.seeds == those and math.isclose(each.share, share) for those, share in declared)
    ]
    if others:
        counts = ", ".join(map(str, dict.fromkeys(len(each.seeds) for each in others)))
        added = all(each.seeds == seeds[: len(each.seeds)] for each in others)
        what = "seeds were added after a look" if added else "other seeds were judged before"
        yield f"{what}: the error rate is not the stated one (judged before with {counts} seeds, not as declared now)"


def _note(journal: Journal, before: Sequence[Judgement], now: Sequence[Judgement]) -> Iterator[str]:
    """Write what was judged into the journal, once; yield if that cannot be done."""
    for each in now:
        if each in before:
            continue
        try:
            journal.append(JUDGED, **each.fields())
        except OSError as error:
            yield f"this judgement could not be noted in {journal.path.name} ({error.strerror})"
            return

"""Everything of an export: what raters get in one folder, and the key apart from it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.codec import encode
from harness.compare.design import Arm, Design
from harness.compare.design_of_run import design_of
from harness.compare.exported import kept_back_of
from harness.errors import ComparisonError, UsageError
from harness.ledger import RunFolder
from harness.ledger.files import write_text
from harness.paths import read_record, resolved
from harness.ratings.answers import Answers, read_answers
from harness.ratings.draw import Pair, draw_pairs
from harness.ratings.key import Key, KeyPair, write_key
from harness.ratings.page import page
from harness.ratings.sheet import sheet
from harness.storage import writing

SHEET, PAGE = "rate.csv", "rate.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Where an export lies: what raters get (`sheet` or `page`), and the `key`; `identical` pairs say the same twice.

    `training_seeds` are those that the answers are from.
    """

    sheet: Path
    page: Path
    key: Path
    task: str
    pairs: int
    identical: int
    training_seeds: tuple[int | None, ...]


def export(
    run: RunFolder,
    folder: Path,
    *,
    key: Path,
    task: str | None = None,
    candidates: Sequence[str] = (),
    items: int | None,
    seed: int,
    these_models: bool = False,
    include_items: Collection[str] = (),
) -> Exported:
    """Write pairs of a run's generated answers for raters into `folder`, and the key to `key`, which lies elsewhere.

    `candidates` are those of the spec unless some are named; ``base`` is the untuned model. `these_models` says that
    the marks are to speak of these trained models, and not of recipes. Raises `UsageError` for
    what cannot be done as asked, `ComparisonError` where the run has no such answers, `StorageError` where a file
    cannot be written.
    """
    if resolved(key).is_relative_to(resolved(folder)):
        raise UsageError(f"--key {key} lies in {folder}, which raters get: name a place that they do not see.")
    design = design_of(run)
    arms = _arms(design, candidates)
    answers = read_answers(design, arms, task)
    _check_licence(run, answers.task, include_items)
    names = [arm.name for arm in arms[1:]]
    pairs = draw_pairs(answers, design.reference.name, names, items=items, seed=seed)
    seeds = run.experiment.seeds
    made = Key(
        run=run.experiment.name,
        task=answers.task,
        reference=design.reference.name,
        candidates=tuple(names),
        alpha=design.alpha,
        seed=seed,
        pairs=tuple(_entry(each, seeds) for each in pairs),
        these_models=these_models,
    )
    _check_unused(key, made)
    title = f"Which answer is better? {answers.task}"
    write_key(key, made)
    with writing(folder):
        write_text(folder / SHEET, sheet(pairs))
        write_text(folder / PAGE, page(pairs, title, said=tuple(_said(answers))))
    return Exported(
        sheet=folder / SHEET,
        page=folder / PAGE,
        key=key,
        task=answers.task,
        pairs=len(pairs),
        identical=sum(each.identical for each in pairs),
        training_seeds=tuple(seeds[place] for place in sorted({each.place for each in pairs})),
    )


def _arms(design: Design, named: Sequence[str]) -> list[Arm]:
    """Return the reference and the candidates that are asked for."""
    known = {arm.name: arm for arm in (*design.candidates, *([design.base] if design.base else []))}
    unknown = [name for name in named if name not in known]
    if unknown:
        raise UsageError(
            f"--candidate {', '.join(unknown)}: not a candidate of the run. There are {', '.join(known)}; "
            f"{design.reference.name}, the reference, is in every pair."
        )
    return [design.reference, *(known[name] for name in dict.fromkeys(named))] if named else [*design.arms]


def _check_licence(run: RunFolder, task: str, include: Collection[str]) -> None:
    licence = kept_back_of(run).get(task)
    if licence is not None and task not in include:
        raise ComparisonError(
            f"the items of {task} are kept back by their licence ({licence}), and raters get them: if yours may see "
            f"them, --include-items {task} says so."
        )


def _check_unused(path: Path, key: Key) -> None:
    """Raise where another export's key lies: raters may be at work on it, and nothing else knows its sides."""
    if not path.exists():
        return
    try:
        known = read_record(path)
    except (OSError, ValueError, RecursionError):
        known = None
    if known != encode(key):
        raise UsageError(
            f"{path} is there already and is another export's: without it, what raters make of that is worth nothing. "
            "Name another --out or --key."
        )


def _entry(pair: Pair, seeds: Sequence[int]) -> KeyPair:
    return KeyPair(
        pair=pair.name,
        a=pair.recipe_a,
        b=pair.recipe_b,
        item=pair.posed.item,
        cluster=pair.posed.cluster,
        training_seed=seeds[pair.place],
    )


def _said(answers: Answers) -> Iterator[str]:
    """Yield what a task says of itself: what it is about, and whom its licence asks to cite."""
    of: Mapping[str, Any] = answers.metadata
    if isinstance(of.get("title"), str):
        yield f"The questions: {of['title']}."
    sources = [f"{name}: {of[name]}" for name in ("licence", "release", "citation") if isinstance(of.get(name), str)]
    if sources:
        yield f"{'; '.join(sources)}."

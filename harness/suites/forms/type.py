"""Name given, type asked for. No type is more often right than another, so that knowing the commonest is no help."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from harness.suites import distractors, stable, wording
from harness.suites.documented import Entry, Page
from harness.suites.item import Item

FORM = "type"
TYPES = (
    "string",
    "integer",
    "boolean",
    "timestamp",
    "structure",
    "list of strings",
    "list of structures",
    "map of strings",
)


def items(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "What type has the field F of X?", at most once for each pair of field name and type."""
    seen: set[tuple[str, str]] = set()
    for page, entry in sorted(_typed(pages), key=lambda pair: stable.number(FORM, pair[0].name, pair[1].name)):
        fact = (entry.name.lower(), str(entry.type))
        item = None if fact in seen else _item(page, entry.name, str(entry.type))
        if item:
            seen.add(fact)
            yield item


def even(found: Sequence[Item], most: int) -> list[Item]:
    """Return at most `most` items of each type; which, is drawn from their ids."""
    by_type: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(found, key=lambda item: stable.number("even", item.id)):
        by_type[item.right].append(item)
    return [item for group in by_type.values() for item in group[:most]]


def _typed(pages: Sequence[Page]) -> Iterator[tuple[Page, Entry]]:
    return ((page, entry) for page in pages for entry in page.entries if entry.type in TYPES)


def _item(page: Page, name: str, right: str) -> Item | None:
    identity = f"{page.name}/{name}/{FORM}"
    question = f"What type has the {page.noun} {name} {page.of}?"
    if wording.stems(right) & wording.stems(name):
        return None
    wrong = stable.order((each for each in TYPES if each != right), identity)[: distractors.OPTIONS - 1]
    choices, answer = distractors.options(right, wrong, key=identity)
    return Item(
        id=identity,
        form=FORM,
        cluster=page.cluster,
        question=question,
        choices=choices,
        answer=answer,
        source=f"{name} {right}",
    )

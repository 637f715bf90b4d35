"""Forms of question about a manual: each makes items of its pages where they leave exactly one right answer.

An item's options and whatever else is drawn come from hashes of its own id. What cannot be asked fairly is left
out: a form raises nothing.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from harness import text
from harness.questions import stable
from harness.questions.fairness import OPTIONS, wrong_options
from harness.questions.items import Item
from harness.questions.manuals.pages import Entry, Page
from harness.questions.wording import alike, drop_name, hide_name, stems

Form = Callable[[Sequence[Page]], Iterator[Item]]
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
_SHAPES = (
    ("number", re.compile(r"-?\d+")),
    ("share", re.compile(r"\d+%")),
    ("path", re.compile(r"/.*|.*\..*")),
    ("word", re.compile(r".*")),
)


def name(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "Which field of X does this describe?" for every entry whose description does not spell its name."""
    for page, entry in _entries(pages):
        hidden = hide_name(entry.text, entry.name) if entry.text else None
        question = f'Which {page.noun} {page.of} does this describe: "{hidden}"'
        if hidden and not text.contains(question, entry.name):
            pool = (other.name for other in page.neighbours if not _fits(other, hidden))
            yield from _item(
                page, entry, "name", question=question, right=entry.name, pool=pool, cue=hidden, source=hidden
            )


def _fits(other: Entry, hidden: str) -> bool:
    """Tell whether `other` is named in the description or described in much the same words."""
    if text.contains(hidden, other.name):
        return True
    described = hide_name(other.text, other.name) if other.text else None
    return bool(described and alike(described, hidden))


def description(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "What does the field F of X do?" wherever the description can be given without naming F."""
    for page in pages:
        unnamed = {entry.name: drop_name(entry.text, entry.name) if entry.text else None for entry in page.neighbours}
        for entry in page.entries:
            right = unnamed[entry.name]
            if right:
                question = f"What does the {page.noun} {entry.name} {page.of} do?"
                pool = _other_descriptions(unnamed, entry.name, right)
                yield from _item(
                    page, entry, "description", question=question, right=right, pool=pool, cue=question, source=right
                )


def _other_descriptions(unnamed: Mapping[str, str | None], name: str, right: str) -> Iterator[str]:
    """Yield other entries' descriptions that are not near copies of the right one and do not speak of `name`."""
    for owner, other in unnamed.items():
        if owner != name and other and not alike(other, right) and not text.contains(other, name):
            yield other


def holder(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "Which Kubernetes object has the field F?" for every name that a single object has.

    Names that repeat the object's own words are left out.
    """
    holders: dict[str, list[tuple[Page, Entry]]] = defaultdict(list)
    for page, entry in _entries(pages):
        holders[entry.name].append((page, entry))
    for _, having in sorted(holders.items()):
        page, entry = having[0]
        if len(having) == 1 and not stems(entry.name) & stems(page.name):
            yield from _item(
                page,
                entry,
                "holder",
                question=f"Which {page.kind} has the {page.noun} {entry.name}?",
                right=page.name,
                pool=(other.name for other in pages if other.cluster != page.cluster and other.name not in page.name),
                cue=page.name,
                source=f"{page.name} {entry.name}",
            )


def required(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "Which field of X is required?" for objects that require exactly one and have three optional ones."""
    for page in pages:
        needed = [entry.name for entry in page.entries if entry.required]
        if len(needed) == 1:
            yield from _item(
                page,
                None,
                "required",
                question=f"Which {page.noun} {page.of} is required?",
                right=needed[0],
                pool=(entry.name for entry in page.entries if entry.required is False),
                cue="",
                source=f"{page.name} requires {needed[0]}",
            )


def default(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "What is the default of the field F of X?"; wrong options are other fields' defaults of like shape."""
    stated = sorted({entry.default for _, entry in _entries(pages) if entry.default})
    for page, entry in _entries(pages):
        question = f"What is the default of the {page.noun} {entry.name} {page.of}?"
        if entry.default and not text.contains(question, entry.default):
            yield from _item(
                page,
                entry,
                "default",
                question=question,
                right=entry.default,
                pool=(each for each in stated if _shape(each) == _shape(entry.default)),
                source=f"{entry.name} defaults to {entry.default}",
            )


def _shape(value: str) -> str:
    return next(shape for shape, pattern in _SHAPES if pattern.fullmatch(value))


def type_(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "What type has the field F of X?", at most once for each pair of field name and type."""
    seen: set[tuple[str, str]] = set()
    typed = ((page, entry, entry.type) for page, entry in _entries(pages) if entry.type in TYPES)
    for page, entry, right in sorted(typed, key=lambda each: stable.number("type", each[0].name, each[1].name)):
        fact = (entry.name.lower(), right)
        if fact not in seen and not stems(right) & stems(entry.name):
            seen.add(fact)
            question = f"What type has the {page.noun} {entry.name} {page.of}?"
            yield from _item(
                page, entry, "type", question=question, right=right, pool=TYPES, source=f"{entry.name} {right}"
            )


FORMS: Mapping[str, Form] = {
    "name": name,
    "description": description,
    "holder": holder,
    "required": required,
    "default": default,
    "type": type_,
}


def _entries(pages: Iterable[Page]) -> Iterator[tuple[Page, Entry]]:
    return ((page, entry) for page in pages for entry in page.entries)


def _item(
    page: Page,
    entry: Entry | None,
    form: str,
    *,
    question: str,
    right: str,
    pool: Iterable[str],
    source: str,
    cue: str | None = None,
) -> Iterator[Item]:
    """Yield the item if `pool` has three wrong options: those most like `cue`, or without one any three."""
    identity = f"{page.name}/{entry.name}/{form}" if entry else f"{page.name}/{form}"
    wrong = _drawn(pool, right, identity) if cue is None else wrong_options(pool, answer=right, cue=cue, key=identity)
    if wrong:
        yield Item.posed(
            identity, form=form, cluster=page.cluster, question=question, right=right, wrong=wrong, source=source
        )


def _drawn(pool: Iterable[str], right: str, identity: str) -> list[str] | None:
    wrong = stable.order((each for each in pool if each != right), identity)[: OPTIONS - 1]
    return wrong if len(wrong) == OPTIONS - 1 else None

"""What a generated rationale says of diseases and findings, held against what the ontology holds of them.

ROUGE-L rewards the sentences that all rationales share. These scores ask whether there are steps, whether each option
is dealt with, whether what is said is so, and whether the answer is what was argued for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.suites.generation import plain, reasoned, steps_and_answer

_STEP = re.compile(r"\bStep (\d+):(?=\s*\S)")
_LEAST_STEPS = 2
_AGAINST = re.compile(r"([^.:;\n]+?) is not linked to ([^.;\n]+)")
_EXPLAINED = re.compile(r"\bIn ([^,.;\n]+), ([^.\n]+)")
_CLASS = re.compile(r"(.+) (?:is|are) (obligate|very frequent|frequent|occasional|very rare)")
_AND = re.compile(r", and |, | and ")
_DISEASES, _FINDINGS = 0xE000, 0xE100
"""Letters for private use, one of which stands for each name: names hold commas and "and" themselves."""


@dataclass(frozen=True, slots=True)
class Statement:
    """That a finding goes with a disease as often as `frequency` says, or not at all: "".

    Each is the place of an option and of a finding of the case; None of what is neither.
    """

    disease: int | None
    finding: int | None
    frequency: str


def checked(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Score a rationale as `reasoned` does and by the document's `findings` and `annotated`; each lies in [0, 1].

    `has_steps`: there are two or more, numbered from 1. `options_weighed`: the share of the options about which
    something is stated. `statements_true`: the share of what is stated of a disease and a finding that the ontology
    bears out, with the frequency where one is named; 0 where nothing is stated. What is no option or no finding of the
    case is not borne out. `conclusion_follows`: the answer is an option whose findings were explained, and nothing was
    stated against it.
    """
    text, answer = steps_and_answer(results[0])
    stated = [*statements(text, options=doc["choices"], findings=doc["findings"])]
    true = sum(_holds(each, doc["annotated"]) for each in stated)
    about = {each.disease for each in stated} - {None}
    return {
        **reasoned(doc, results),
        "has_steps": float(has_steps(text)),
        "options_weighed": len(about) / len(doc["choices"]),
        "statements_true": true / len(stated) if stated else 0.0,
        "conclusion_follows": float(_follows(answer, doc["choices"], stated)),
    }


def has_steps(text: str) -> bool:
    """Tell whether a text has "Step 1:", "Step 2:" and so on, each once and with something behind it."""
    numbers = [int(each) for each in _STEP.findall(text)]
    return len(numbers) >= _LEAST_STEPS and numbers == [*range(1, len(numbers) + 1)]


def statements(text: str, *, options: Sequence[str], findings: Sequence[str]) -> Iterator[Statement]:
    """Yield what a text states, as "D is not linked to F." and as "In D, F and G are frequent; H is very rare."."""
    marked = _marked(text, options, findings)
    of_option = partial(_place, first=_DISEASES, count=len(options))
    of_finding = partial(_place, first=_FINDINGS, count=len(findings))
    for disease, finding in _AGAINST.findall(marked):
        yield Statement(of_option(disease), of_finding(finding), "")
    for disease, told in _EXPLAINED.findall(marked):
        for part in told.split(";"):
            if found := _CLASS.fullmatch(part.strip()):
                for finding in _AND.split(found[1]):
                    yield Statement(of_option(disease), of_finding(finding), found[2])


def _marked(text: str, options: Sequence[str], findings: Sequence[str]) -> str:
    """Put a letter in the place of each option and finding; longer names first, since one may hold another."""
    names = {name.casefold(): chr(_DISEASES + place) for place, name in enumerate(options)}
    names |= {name.casefold(): chr(_FINDINGS + place) for place, name in enumerate(findings)}
    longest = sorted(names, key=len, reverse=True)
    any_name = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)
    own = {ord(letter): None for letter in names.values()}  # what was generated may hold them itself
    return any_name.sub(lambda found: names[found[0].casefold()], text.translate(own))


def _place(marked: str, first: int, count: int) -> int | None:
    """Return which option or finding a part of a text is; None where it is another, or more than one."""
    name = marked.strip()
    place = ord(name) - first if len(name) == 1 else -1
    return place if 0 <= place < count else None


def _holds(each: Statement, annotated: Sequence[Sequence[str]]) -> bool:
    if each.disease is None or each.finding is None:
        return False
    return annotated[each.disease][each.finding] == each.frequency


def _follows(answer: str, options: Sequence[str], stated: Sequence[Statement]) -> bool:
    chosen = {place for place, option in enumerate(options) if plain(option) == plain(answer)}
    explained = {each.disease for each in stated if each.frequency}
    denied = {each.disease for each in stated if not each.frequency}
    return bool(chosen & explained - denied)

"""The cases of `medical_cot` with facts to put before the question: random ones, the right ones, retrieved ones.

The answers are made of the ontology's annotations, which finding goes with which disease, so that a search in these
would return the key. No fact is one. A fact says which organ systems a finding concerns, or some of those that a
disease's findings concern; the right ones are those of the four findings and of the four options alike, with as many
systems for each option, and what they say of the case has to be put together. Facts come from the diseases of an item's
own split.

Beside the rationale stands the same one with the right diagnosis and a wrong one in each other's place.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import count
from pathlib import Path
from types import ModuleType

import numpy as np

from harness.errors import MissingExtraError
from harness.extras import install_command
from harness.questions import stable
from harness.questions.builders.medical_cot import Extra, Posed, build_with, finding, rationale
from harness.questions.hpo import Disease, Ontology
from harness.questions.items import Item
from harness.text import normalise

FACTS = 8
"""Before each question: as many as there are findings and options."""
_SYSTEMS = 6
"""How many a disease's fact names where it is written for no case: what half of the cases come to."""
_DIGITS = 4
"""To which scores of BM25, which are float32, are rounded before the order of ties is drawn."""

Choose = Callable[[Posed], list[str]]


@dataclass(frozen=True)
class Known:
    """What is said of a split's diseases and of their findings, a sentence each."""

    diseases: Sequence[Disease]
    ontology: Ontology

    @cached_property
    def of_findings(self) -> dict[str, str]:
        terms = sorted({term for disease in self.diseases for term in disease.findings})
        return {term: _of_finding(self.ontology, term) for term in terms if self.ontology.systems(term)}

    @cached_property
    def of_diseases(self) -> dict[str, str]:
        return {disease.id: _of_disease(disease, _SYSTEMS) for disease in self.diseases}


def build(folder: Path) -> dict[str, list[Item]]:
    """Return the splits of `medical_cot`, item by item, with facts, `random` and `gold`, and a `swapped` rationale."""
    return _with_facts(folder, {"random": random, "gold": lambda _known: gold})


def build_retrieved(folder: Path) -> dict[str, list[Item]]:
    """Return the same with the facts `retrieved`. Raises `MissingExtraError` without the extra `retrieval`."""
    return _with_facts(folder, {"retrieved": retrieved})


def gold(each: Posed) -> list[str]:
    """Return what is to be known of each finding and each option, whichever of these is right.

    An option's fact names the systems that the findings concern before others, and all name as many: the right option's
    findings concern more of them, which would give it away to who counts.
    """
    case, options = each.case, (each.case.disease, *each.wrong)
    asked = frozenset().union(*map(case.ontology.systems, case.findings))
    named = max(len(asked), min(len(disease.systems) for disease in options))
    found = [_of_finding(case.ontology, term) for term in case.findings]
    return found + [_of_disease(disease, named, asked) for disease in options]


def random(known: Known) -> Choose:
    """Draw as many facts of each kind as the right ones are, none about the case."""

    def choose(each: Posed) -> list[str]:
        of_findings = _drawn(known.of_findings, "findings", each.item.id, without=each.case.findings)
        options = {disease.id for disease in (each.case.disease, *each.wrong)}
        return of_findings + _drawn(known.of_diseases, "diseases", each.item.id, without=options)

    return choose


def retrieved(known: Known) -> Choose:
    """Rank all facts by BM25 for the question with its options; how ties stand is drawn from the item's id.

    Robertson's weighting as Lucene has it, k1 = 1.5 and b = 0.75, over words without case and accents.
    """
    facts = [*known.of_findings.values(), *known.of_diseases.values()]
    index = _package().BM25(method="lucene", k1=1.5, b=0.75, backend="numpy")
    index.index([normalise(fact).split() for fact in facts], show_progress=False)

    def choose(each: Posed) -> list[str]:
        asked = normalise(" ".join((each.item.question, *each.item.choices))).split()
        scores = np.asarray(index.get_scores(asked), float).round(_DIGITS)
        least = np.partition(scores, -FACTS)[-FACTS]
        ties = {int(at): stable.number("retrieved", each.item.id, facts[at]) for at in np.flatnonzero(scores >= least)}
        return [facts[at] for at in sorted(ties, key=lambda at: (-scores[at], ties[at]))[:FACTS]]

    return choose


def _of_finding(ontology: Ontology, term: str) -> str:
    name = finding(ontology, term)
    return f"{name[:1].upper()}{name[1:]} concerns {'; '.join(sorted(ontology.systems(term)))}."


def _of_disease(disease: Disease, most: int, before: Collection[str] = ()) -> str:
    """Name up to `most` of a disease's systems, those in `before` first; which others, is drawn from its id."""
    ranked = sorted(disease.systems, key=lambda each: (each not in before, stable.number("system", disease.id, each)))
    return f"What is found in {disease.name} concerns at least {'; '.join(sorted(ranked[:most]))}."


def _drawn(facts: Mapping[str, str], kind: str, identity: str, *, without: Collection[str]) -> list[str]:
    """Draw half of the facts before a question from `facts` by id, none of those `without`."""
    keys, found = list(facts), dict[str, str]()
    for turn in count():
        key = keys[stable.number("random facts", kind, identity, str(turn)) % len(keys)]
        if key not in without:
            found[key] = facts[key]
        if len(found) == FACTS // 2:
            break
    return list(found.values())


def _package() -> ModuleType:
    try:
        return import_module("bm25s")
    except ImportError as error:
        raise MissingExtraError(
            "a suite with retrieved facts takes bm25s, which ranks them and is not installed: "
            f"`{install_command('retrieval')}` brings it."
        ) from error


def _with_facts(folder: Path, kinds: Mapping[str, Callable[[Known], Choose]]) -> dict[str, list[Item]]:
    def of(diseases: Sequence[Disease], ontology: Ontology) -> Extra:
        known = Known(diseases, ontology)
        choose = {kind: to_choose(known) for kind, to_choose in kinds.items()}
        return lambda each: {**_facts(each, choose), "swapped": _swapped(each)}

    return build_with(folder, of)


def _facts(each: Posed, kinds: Mapping[str, Choose]) -> dict[str, str]:
    return {kind: " ".join(stable.order(choose(each), "facts", each.item.id)) for kind, choose in kinds.items()}


def _swapped(each: Posed) -> str:
    instead = min(each.wrong, key=lambda other: stable.number("swapped", each.item.id, other.id))
    return rationale(each.case, each.wrong, instead)

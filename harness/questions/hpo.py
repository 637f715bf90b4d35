"""The Human Phenotype Ontology: its terms, and the rare diseases that are annotated with them."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_ABNORMALITY = "HP:0000118"
_PLAIN_SYSTEMS = {
    "Constitutional symptom": "general condition",
    "Growth abnormality": "growth",
    "Neoplasm": "tumours",
    "metabolism/homeostasis": "metabolism",
    "integument": "skin, hair and nails",
}
VAGUE = frozenset({"growth", "general condition", "metabolism", "prenatal development or birth"})
"""Systems whose findings occur with almost any disease."""
FREQUENCY = {
    "HP:0040280": "obligate",
    "HP:0040281": "very frequent",
    "HP:0040282": "frequent",
    "HP:0040283": "occasional",
    "HP:0040284": "very rare",
}
"""The annotation file's classes, commonest first; "excluded" rows are not findings."""
_RANKS = {name: rank for rank, name in enumerate(FREQUENCY.values())}
_LEAST_FINDINGS = 12
_LONGEST_NAME = 45
_TELLING_NAME = re.compile(
    r"\d|type|related|due to|deficiency|OBSOLETE|;|autosomal|deletion|duplication|monosomy|trisomy|NON RARE",
    re.IGNORECASE,
)
"""Names that say what is found, or that stand for one of a numbered series."""
_SYNONYM = re.compile(r'^synonym: "([^"\\]+)" EXACT (?:layperson |uk_spelling |plural_form )?\[', re.MULTILINE)
"""Wider, narrower and related ones mean something else; abbreviations and what was given up are left out too."""


@dataclass(frozen=True)
class Ontology:
    """Terms by id: `names`, and `parents` as ids. Obsolete terms are left out.

    `synonyms` say exactly what the name says, and stand for no other term; of most terms there is none.
    """

    release: str
    names: dict[str, str]
    parents: dict[str, tuple[str, ...]]
    synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def _above(self) -> dict[str, frozenset[str]]:
        done: dict[str, frozenset[str]] = {}

        def climb(term: str) -> frozenset[str]:
            if term not in done:
                done[term] = frozenset({term}).union(*(climb(parent) for parent in self.parents[term]))
            return done[term]

        for term in self.names:
            climb(term)
        return done

    @cached_property
    def _systems(self) -> dict[str, str]:
        roots = [term for term, parents in self.parents.items() if _ABNORMALITY in parents]
        plain = {term: re.sub(r"^Abnormal(?:ity)?(?: of)?(?: the)? ", "", self.names[term]) for term in roots}
        return {term: _PLAIN_SYSTEMS.get(name, name) for term, name in plain.items()}

    @cached_property
    def _systems_of(self) -> dict[str, frozenset[str]]:
        """Those that were asked for already: each is, for thousands of diseases."""
        return {}

    def above(self, term: str) -> frozenset[str]:
        """Return the term and everything that it is a kind of."""
        return self._above[term]

    def systems(self, term: str) -> frozenset[str]:
        """Return the organ systems that the term belongs to; most belong to one, none is possible."""
        if term not in self._systems_of:
            roots = self.above(term) & self._systems.keys()
            self._systems_of[term] = frozenset(self._systems[each] for each in roots)
        return self._systems_of[term]


def read_ontology(path: Path) -> Ontology:
    """Read an ontology in the OBO format."""
    head, *stanzas = path.read_text("utf-8").split("\n[Term]\n")
    names, parents, synonyms = {}, {}, {}
    for stanza in stanzas:
        if "is_obsolete: true" not in stanza:
            term = _field(stanza, "id")[0]
            names[term] = _field(stanza, "name")[0]
            parents[term] = tuple(_field(stanza, "is_a"))
            synonyms[term] = _SYNONYM.findall(stanza)
    release = _field(head, "data-version")[0].rpartition("/")[2]
    return Ontology(release, names, parents, _of_one_term(names, synonyms))


def _of_one_term(names: dict[str, str], synonyms: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Return the synonyms that name a single term, without regard to case, each once and in the file's order."""
    named = {term: {name.casefold(), *map(str.casefold, synonyms[term])} for term, name in names.items()}
    counts = Counter(each for found in named.values() for each in found)
    kept = {}
    for term, name in names.items():
        others = {each.casefold(): each for each in synonyms[term] if counts[each.casefold()] == 1}
        others.pop(name.casefold(), None)
        if others:
            kept[term] = tuple(others.values())
    return kept


def in_a_sentence(name: str) -> str:
    """Return a term's name as it stands inside a sentence: its first letter small, except of abbreviations."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _field(stanza: str, key: str) -> list[str]:
    return [re.sub(r" !.*$", "", value) for value in re.findall(rf"^{key}: (.+)$", stanza, re.MULTILINE)]


@dataclass(frozen=True)
class Disease:
    """`findings` maps a term to its frequency class; `ontology` gives what lies above them."""

    id: str
    name: str
    findings: dict[str, str]
    ontology: Ontology

    @cached_property
    def implied(self) -> frozenset[str]:
        """The findings and everything that they are a kind of."""
        return frozenset().union(*map(self.ontology.above, self.findings))

    @cached_property
    def systems(self) -> frozenset[str]:
        """The organ systems that any finding belongs to."""
        return frozenset().union(*map(self.ontology.systems, self.findings))

    def usual(self) -> list[str]:
        """Return the findings that are at least frequent, commonest first, then by id."""
        often = [term for term, frequency in self.findings.items() if _RANKS[frequency] <= _RANKS["frequent"]]
        return sorted(often, key=lambda term: (_RANKS[self.findings[term]], term))


def read_diseases(path: Path, ontology: Ontology) -> list[Disease]:
    """Return the diseases that are described well enough to ask about, sorted by id."""
    findings: dict[str, dict[str, str]] = defaultdict(dict)
    names: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("ORPHA:"):
            disease, name, qualifier, term, *_, frequency, _sex, _modifier, aspect, _curator = line.split("\t")
            if qualifier != "NOT" and aspect == "P" and term in ontology.names and frequency in FREQUENCY:
                names[disease] = name
                findings[disease][term] = FREQUENCY[frequency]
    found = (Disease(key, names[key], findings[key], ontology) for key in sorted(findings))
    return [disease for disease in found if _usable(disease)]


def _usable(disease: Disease) -> bool:
    return (
        len(disease.findings) >= _LEAST_FINDINGS
        and len(disease.name) <= _LONGEST_NAME
        and not _TELLING_NAME.search(disease.name)
    )

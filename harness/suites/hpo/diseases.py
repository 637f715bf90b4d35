"""Rare diseases with their findings and how often each occurs (the Orphanet rows of the annotation file)."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.suites.hpo.ontology import Ontology

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


def read(path: Path, ontology: Ontology) -> list[Disease]:
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

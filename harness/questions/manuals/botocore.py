"""The AWS service models that botocore ships (Apache-2.0): one page a structure, its members the entries."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import text
from harness.questions.manuals.pages import Entry, Page
from harness.questions.wording import opening, says_what_it_is

SERVICES = (
    "batch",
    "cloudfront",
    "dynamodb",
    "ec2",
    "ecs",
    "elasticache",
    "glue",
    "iam",
    "kinesis",
    "lambda",
    "rds",
    "route53",
    "s3",
    "sns",
    "sqs",
)
MEMBERS = tuple(f"botocore/data/{service}/*/service-2.json.gz" for service in SERVICES)
_STALE = re.compile(r"deprecated|(?:not|isn.t) currently|reserved for future|no longer", re.IGNORECASE)
_SCALARS = {
    "string": "string",
    "integer": "integer",
    "long": "integer",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "structure": "structure",
}
_LISTS = {"string": "list of strings", "structure": "list of structures"}
_LENGTH = (30, 180)
_FEWEST = 4


def read(folder: Path) -> list[Page]:
    """Return one page a structure of four members or more, of each service's newest model, sorted by name."""
    found: list[Page] = []
    for pattern in MEMBERS:
        model = max(folder.glob(pattern))
        shapes = json.loads(gzip.decompress(model.read_bytes()))["shapes"]
        found += _pages(model.parent.parent.name, shapes)
    return sorted(found, key=lambda page: page.name)


def _pages(service: str, shapes: Mapping[str, Any]) -> Iterator[Page]:
    for name, shape in shapes.items():
        if shape["type"] == "structure":
            entries = tuple(_entries(shape, shapes))
            if len(entries) >= _FEWEST:
                yield Page(
                    name=f"{service}.{name}",
                    noun="field",
                    of=f"of the {service.upper()} structure {name}",
                    kind="AWS structure",
                    cluster=f"aws {service} {name}",
                    entries=entries,
                )


def _entries(shape: Mapping[str, Any], shapes: Mapping[str, Any]) -> Iterator[Entry]:
    required = shape.get("required", [])
    for name, member in sorted(shape.get("members", {}).items()):
        description = _plain(member.get("documentation", ""))
        if not _STALE.search(description):
            start = opening(description, at_least=_LENGTH[0], at_most=_LENGTH[1])
            yield Entry(
                name=name,
                text=start if says_what_it_is(description) else None,
                type=_type(shapes[member["shape"]], shapes),
                required=name in required,
            )


def _plain(html: str) -> str:
    """Return the text without tags, and without the space that a tag leaves before punctuation."""
    return re.sub(r"\s+([.,;:)])", r"\1", text.squeeze(re.sub(r"<[^>]+>", " ", html)))


def _type(shape: Mapping[str, Any], shapes: Mapping[str, Any]) -> str | None:
    if shape["type"] == "list":
        return _LISTS.get(shapes[shape["member"]["shape"]]["type"])
    if shape["type"] == "map":
        return "map of strings" if shapes[shape["value"]["shape"]]["type"] == "string" else None
    return _SCALARS.get(shape["type"])

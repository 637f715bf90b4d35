"""The MAVLink protocol's message definitions, the reference of what drones and their ground stations exchange."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from harness import text
from harness.questions.manuals.pages import Entry, Page
from harness.questions.wording import opening, says_what_it_is

MEMBERS = ("pymavlink/dialects/v20/*.xml",)
_FILES = ("minimal.xml", "standard.xml", "common.xml", "ardupilotmega.xml")
_SKIP = frozenset({"target_system", "target_component"})
"""Addressing fields that nearly every message has."""
_STALE = re.compile(r"deprecated|superseded|reserved|replaced by|same as", re.IGNORECASE)
_LENGTH = (20, 180)
_FEWEST = 4


def read(folder: Path) -> list[Page]:
    """Return one page a message, and one an enumeration, of four entries or more, sorted by name."""
    pages: dict[str, Page] = {}
    for name in _FILES:
        root = ET.parse(folder / "pymavlink/dialects/v20" / name).getroot()  # noqa: S314 - pinned, see above
        for page in (*_messages(root), *_enumerations(root)):
            pages.setdefault(page.name, page)
    return [page for _, page in sorted(pages.items())]


def _messages(root: ET.Element) -> Iterator[Page]:
    for message in root.iterfind("./messages/message"):
        if message.find("deprecated") is None:
            yield from _page(message, "message", "field", message.iterfind("field"))


def _enumerations(root: ET.Element) -> Iterator[Page]:
    for enumeration in root.iterfind("./enums/enum"):
        if enumeration.find("deprecated") is None:
            yield from _page(enumeration, "enumeration", "entry", enumeration.iterfind("entry"))


def _page(node: ET.Element, kind: str, noun: str, children: Iterator[ET.Element]) -> Iterator[Page]:
    name = node.attrib["name"]
    entries = tuple(entry for child in children for entry in _entry(child))
    if len(entries) >= _FEWEST:
        yield Page(
            name=f"{kind}:{name}",
            noun=noun,
            of=f"of the MAVLink {kind} {name}",
            kind=f"MAVLink {kind}",
            cluster=f"mavlink {kind} {name}",
            entries=entries,
        )


def _entry(node: ET.Element) -> Iterator[Entry]:
    described = node if node.tag == "field" else node.find("description")
    name = node.attrib["name"]
    description = _bare(text.squeeze("".join(described.itertext())), name) if described is not None else ""
    if description and name not in _SKIP and node.find("deprecated") is None and not _STALE.search(description):
        start = opening(description, at_least=_LENGTH[0], at_most=_LENGTH[1])
        yield Entry(name=name, text=start if says_what_it_is(description) else None)


def _bare(description: str, name: str) -> str:
    """Return a description without the entry's own name in front ("ReadFile: Reads …" of MAV_FTP_OPCODE_READFILE)."""
    lead, colon, rest = description.partition(": ")
    return rest if colon and name.lower().endswith(f"_{lead.lower()}") else description

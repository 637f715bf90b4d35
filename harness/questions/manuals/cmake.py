"""The CMake reference manual (BSD-3-Clause): pages of variables, properties and commands, and lists of options."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.questions import stable
from harness.questions.manuals import rst
from harness.questions.manuals.pages import Entry, Page
from harness.questions.wording import opening, words

HELP = "cmake/data/share/cmake-4.4/Help"
MEMBERS = (f"{HELP}/*.rst",)
_NOUNS = {
    "variable": "variable",
    "prop_tgt": "target property",
    "prop_gbl": "global property",
    "prop_dir": "directory property",
    "prop_sf": "source file property",
    "prop_test": "test property",
    "envvar": "environment variable",
    "command": "command",
    "module": "module",
}
_STALE = re.compile(
    r"deprecated|discouraged|superseded|backwards? compatibility|documentation has moved|disallowed|same as|see also|"
    r"initialize|the following|below|rather than a CMake variable|:$",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^(?:This|The) (?:property|variable|command|module|environment variable|option|field) ")
_TYPED = re.compile(
    r"^(?:An?|The) (?P<required>optional |required )?"
    r"(?P<type>string|integer|boolean|object|array of (?:strings|objects))\b"
    r"[^.]*? (?:specifying|representing|containing|indicating|that (?:specifies|contains)) "
)
_TYPES = {
    "string": "string",
    "integer": "integer",
    "boolean": "boolean",
    "object": "structure",
    "array of strings": "list of strings",
    "array of objects": "list of structures",
}
_TYPE_ALONE = re.compile(r"^An? (?:optional |required )?\w+(?: or \w+| of \w+)*\.$")
_LENGTH = (25, 200)
_FAMILY = 5
_MIXED = 12


def read(folder: Path) -> list[Page]:
    """Return pages of names of one kind that begin alike, and one page a command, object or tool with options."""
    help_folder = folder / HELP
    return sorted([*_named(help_folder), *_listed(help_folder)], key=lambda page: page.name)


def _named(help_folder: Path) -> Iterator[Page]:
    for section, noun in _NOUNS.items():
        entries = dict(_section(help_folder / section))
        for family, names in _families(section, sorted(entries)).items():
            yield Page(
                name=f"{section}:{family}",
                noun=noun,
                of="of CMake",
                kind="family of CMake names",
                cluster=f"cmake {section} {family}",
                entries=tuple(entries[name] for name in names),
            )


def _section(folder: Path) -> Iterator[tuple[str, Entry]]:
    for path in sorted(folder.glob("*.rst")):
        name, page = path.stem, path.read_text("utf-8")
        # A dash or a placeholder stands in the names of templates (CMAKE_<LANG>_...): no one name to ask for.
        if re.search(r"-|LANG|CONFIG", name) or "deprecated::" in page[:900].lower():
            continue
        description = _description(rst.first_paragraph(rst.body(page)))
        if description:
            yield name, Entry(name=name, text=description)


def _description(paragraph: str | None) -> str | None:
    if not paragraph or _STALE.search(paragraph):
        return None
    headed = _HEAD.sub("", paragraph)
    start = opening(headed[:1].upper() + headed[1:], at_least=_LENGTH[0], at_most=_LENGTH[1])
    return None if start is None or _TYPE_ALONE.match(start) else start


def _families(section: str, names: list[str]) -> Mapping[str, list[str]]:
    """Group names by their first words; those of small families are dealt into mixed groups by hash."""
    by_head: dict[str, list[str]] = defaultdict(list)
    depth = 2 if section in {"variable", "envvar"} else 1
    for name in names:
        by_head["_".join(words(name)[:depth])].append(name)
    small = stable.order((name for group in by_head.values() if len(group) < _FAMILY for name in group), section)
    mixed = {f"mixed{at // _MIXED}": sorted(small[at : at + _MIXED]) for at in range(0, len(small), _MIXED)}
    return {head: group for head, group in by_head.items() if len(group) >= _FAMILY} | mixed


def _listed(help_folder: Path) -> Iterator[Page]:
    sources = [
        *help_folder.glob("command/*.rst"),
        *help_folder.glob("manual/*.rst"),
        *help_folder.glob("manual/*/*.rst"),
    ]
    for path in sorted(sources):
        entries: dict[str, Entry | None] = {}
        # Inside a preset's field the lists are of its values, which are not fields.
        outer = path.parent.name == "presets"
        for name, paragraph in rst.definitions(path.read_text("utf-8"), outer=outer):
            # A name that is defined twice on a page has no one description.
            entries[name] = None if name in entries else _entry(name, paragraph)
        kept = tuple(entry for _, entry in sorted(entries.items()) if entry)
        if kept:
            yield _options(path, kept)


def _entry(name: str, paragraph: str) -> Entry:
    typed = _TYPED.match(paragraph)
    return Entry(
        name=name,
        text=_description(paragraph),
        type=_TYPES.get(typed["type"]) if typed else None,
        required={"required ": True, "optional ": False}.get(typed["required"] or "") if typed else None,
    )


def _options(path: Path, entries: tuple[Entry, ...]) -> Page:
    title, noun, kind = _title(path)
    return Page(
        name=f"{path.parent.name}:{path.stem}",
        noun=noun,
        of=f"of {title}",
        kind=kind,
        cluster=f"cmake {path.parent.name} {path.stem}",
        entries=entries,
    )


def _title(path: Path) -> tuple[str, str, str]:
    if path.parent.name == "command":
        return f"the CMake command {path.stem}", "option", "CMake command"
    if path.parent.name == "presets":
        return f"the CMake presets object {path.stem.removesuffix('-properties')}", "field", "CMake presets object"
    stem = re.sub(r"\.\d$", "", path.stem)
    return f"the CMake manual page {stem}", "term", "CMake manual page"

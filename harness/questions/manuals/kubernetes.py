"""The Kubernetes API as the official Python client documents it (Apache-2.0): one generated class an object."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from harness import text
from harness.questions import stable
from harness.questions.manuals.pages import Entry, Page
from harness.questions.wording import opening, stems

MEMBERS = ("kubernetes/client/models/*.py",)
_COMMON = frozenset({"apiVersion", "kind", "metadata", "items", "spec", "status"})
"""Fields that every object has: nothing to ask about."""
_STALE = re.compile(r"deprecated|no longer used|tombstoned|this field is (?:reserved|unused)", re.IGNORECASE)
_VERSION = re.compile(r"^(?:[A-Z][a-z]+)??V(\d+)(?:(alpha|beta)(\d+))?(?=[A-Z])")
_FAMILY = re.compile(r"(?:Spec|Status|Condition|Source|Template|PatchSpec|Configuration|List|Reference|Rule|Item)+$")
_TYPES = {"StrictStr": "string", "StrictInt": "integer", "StrictBool": "boolean", "datetime": "timestamp"}
_DEFAULT = re.compile(
    r"(?<!will )(?<!not )(?<!would )\b[Dd]efaults? (?:to|is|value is)(?: a value of)? [\"'`]?"
    r"(?P<value>-?\d+%?|[A-Z][A-Za-z]+|/[\w./-]+|[a-z]+\.[a-z.]+)"
    r"[\"'`]?(?: seconds?)?(?=[.,;)]| \(|$)"
)
_NO_DEFAULT = frozenset({"The", "This", "If", "A", "An", "Note", "True", "False"})
"""Words with which the next sentence begins, and values whose type says them."""
_LENGTH = (30, 200)
_FEW = 5


@dataclass(frozen=True, slots=True)
class _Model:
    name: str
    entries: tuple[Entry, ...]


def read(folder: Path) -> list[Page]:
    """Return one page an object, of its newest stable version, sorted by name."""
    models: dict[str, _Model] = {}
    for model in sorted(_models(folder), key=lambda model: _maturity(model.name)):
        models.setdefault(object_name(model.name), model)
    bare = {name: _page(name, model.entries) for name, model in models.items() if not name.endswith("List")}
    return [_with_kin(page, bare) for _, page in sorted(bare.items()) if page.entries]


def object_name(class_name: str) -> str:
    """Return ``PodSpec`` for ``V1PodSpec`` and ``Subject`` for ``RbacV1Subject``."""
    return _VERSION.sub("", class_name)


def _maturity(class_name: str) -> tuple[bool, bool, int, str]:
    found = _VERSION.match(class_name)
    version, stage, step = found.groups() if found else ("0", None, None)
    return stage == "alpha", stage == "beta", -100 * int(version) - int(step or 0), class_name


def _models(folder: Path) -> Iterator[_Model]:
    for path in sorted(folder.glob(MEMBERS[0])):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                yield _Model(node.name, tuple(_entries(node)))


def _entries(model: ast.ClassDef) -> Iterator[Entry]:
    for node in model.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Call):
            given = {word.arg: word.value for word in node.value.keywords}
            name = _literal(given.get("serialization_alias")) or node.target.id
            description = text.squeeze(_literal(given.get("description")) or "")
            if name not in _COMMON and not _STALE.search(description):
                yield Entry(
                    name=name,
                    text=opening(_plain(description), at_least=_LENGTH[0], at_most=_LENGTH[1]),
                    type=_type(ast.unparse(node.annotation)),
                    required="default" not in given,
                    default=_stated_default(description),
                )


def _literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _plain(description: str) -> str:
    """Take off links and the word "optional" in front."""
    plain = re.sub(r"\s*(?:More info|See|Read more)[^.]*https?://\S+", "", description)
    plain = re.sub(r"https?://\S+", "", plain)
    plain = re.sub(r"^(?:\w+ is )?(?:an |the )?optional[,:.]?\s*", "", plain, flags=re.IGNORECASE)
    return text.squeeze(plain[:1].upper() + plain[1:])


def _type(annotation: str) -> str | None:
    inner = re.sub(r"^Optional\[(.*)\]$", r"\1", annotation)
    if inner in _TYPES:
        return _TYPES[inner]
    if inner == "Dict[str, StrictStr]":
        return "map of strings"
    if inner == "List[StrictStr]":
        return "list of strings"
    if re.fullmatch(r"List\[[A-Z]?[A-Za-z]*V\d\w+\]", inner):
        return "list of structures"
    return "structure" if re.fullmatch(r"[A-Za-z]*V\d\w+", inner) else None


def _stated_default(description: str) -> str | None:
    """Return the one default that `description` states in a word; None where it states none or several."""
    found = {match["value"].rstrip(".") for match in _DEFAULT.finditer(description)} - _NO_DEFAULT
    return found.pop() if len(found) == 1 else None


def _page(name: str, entries: Iterable[Entry]) -> Page:
    return Page(
        name=name,
        noun="field",
        of=f"of the Kubernetes object {name}",
        kind="Kubernetes object",
        cluster=_FAMILY.sub("", name) or name,
        entries=tuple(sorted(entries, key=lambda entry: entry.name)),
    )


def _with_kin(page: Page, pages: dict[str, Page]) -> Page:
    """Lend a small object the fields of the three objects nearest to it by name."""
    if len(page.entries) >= _FEW:
        return page
    mine = stems(page.name)
    near = sorted(
        (other for other in pages.values() if other.name != page.name),
        key=lambda other: (-len(mine & stems(other.name)), stable.number(page.name, other.name)),
    )
    kin = {entry.name: entry for other in near[:3] for entry in other.entries}
    return replace(page, kin=tuple(kin.values()))

"""The documentation as a site: ``tox -e docs``. Its pages are the files of the repository as they lie.

Sources are counted from the repository's root, so that a link to a file beside `docs/` leads to a page here too.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from harness import __version__
from harness.spec.schema import bundled

project = "harness"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["docs/*.md", "*.md", "benchmarks/README.md", "benchmarks/statistics/results.md"]
exclude_patterns = [".*", "build", "dist", "runs"]
html_theme = "furo"
html_title = "harness"
default_role = "code"
myst_heading_anchors = 4
"""Headings of these levels have the anchors that links to them name, as the repository's own pages give them."""
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_use_type_comments = False

CONTENTS = {
    "Start": ("README", "docs/tutorial"),
    "How to": (
        "docs/how-to",
        *("docs/specs", "docs/recipes", "docs/tasks", "docs/compare", "docs/tables", "docs/report", "docs/bundles"),
        *("docs/search", "docs/ratings", "docs/diagnostics"),
    ),
    "At work": ("docs/one-card", "docs/many-runs", "docs/reliability", "docs/performance", "docs/scale"),
    "Reference": ("docs/cli", "docs/schemas", "docs/api", "docs/reference", "docs/extending", "CHANGELOG"),
    "Why": ("docs/statistics", "docs/scoring", "docs/results", "docs/claims", "docs/architecture", "docs/decisions"),
    "Contributing": ("CONTRIBUTING", "RELEASING", "SECURITY", "benchmarks/README", "benchmarks/statistics/results"),
}
"""The pages, by what a reader wants of them; what of `docs/` is left out stands below `REST`."""
REST = "More"


class SchemaDirective(SphinxDirective):
    """``{schema} NAME``: a table for each object that a JSON Schema describes, from the schema itself."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the tables, each below its own heading."""
        text = "\n".join(_schema_tables(bundled(self.arguments[0])))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _schema_tables(schema: dict[str, Any]) -> Iterator[str]:
    yield from ("### Its fields", "", *_table(schema))
    for name, definition in schema.get("$defs", {}).items():
        if "properties" in definition:
            yield from (f"### `{name}`", "", *_table(definition))


def _table(definition: dict[str, Any]) -> Iterator[str]:
    required = definition.get("required", ())
    yield from (definition.get("description", ""), "", "| field | is | what it says |", "|---|---|---|")
    for name, field in definition["properties"].items():
        said = str(field.get("description", "")).replace("|", "\\|").replace("\n", " ")
        yield f"| `{name}`{' (required)' if name in required else ''} | {_kind(field)} | {said} |"
    yield ""


def _kind(field: dict[str, Any]) -> str:
    """Return what values a field takes, in a few words."""
    if "enum" in field or "const" in field:
        return ", ".join(f"`{json.dumps(each)}`" for each in field.get("enum", [field.get("const")]))
    if reference := field.get("$ref"):
        return f"`{Path(reference).name.removesuffix('.schema.json')}`"
    for word in ("anyOf", "oneOf"):
        if word in field:
            return " or ".join(dict.fromkeys(map(_kind, field[word])))
    kinds = field.get("type", "any value")
    words = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{words} of {_kind(field['items'])}" if "items" in field else words


def _with_contents(app: Sphinx, name: str, source: list[str]) -> None:
    """Give the first page the table of contents, which other readers of the file have no use for."""
    del app
    if name == root_doc:
        named = {page for pages in CONTENTS.values() for page in pages}
        found = {f"docs/{file.stem}" for file in Path(__file__).parent.glob("*.md")} - {root_doc}
        rest = {REST: tuple(sorted(found - named))} if found - named else {}
        trees = (
            "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *(f"/{page}" for page in pages), "```"])
            for caption, pages in {**CONTENTS, **rest}.items()
        )
        source[0] += "\n" + "\n\n".join(trees) + "\n"


def setup(app: Sphinx) -> None:
    """Take part in the build."""
    app.add_directive("schema", SchemaDirective)
    app.connect("source-read", _with_contents)

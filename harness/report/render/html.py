"""One HTML file: nothing in it is fetched, and nothing from data or a model is taken for HTML."""

from collections.abc import Callable, Iterable, Iterator
from typing import assert_never

from harness.report.document import (
    Badge,
    Block,
    Cell,
    Command,
    Document,
    Figure,
    Finding,
    Interval,
    Items,
    Notice,
    Part,
    Prose,
    Section,
    Table,
    Weight,
)
from harness.report.render._base import Renderer
from harness.report.render.cells import NOTHING, header_text, is_numeric, part_text, parts_of
from harness.report.render.escape import escape
from harness.report.render.head import asset, page_head
from harness.report.render.items import items_list

Draw = Callable[[Figure], str]
"""Returns the SVG of a figure."""

_SIGNS: dict[Weight, str] = {"settled": "●", "open": "◐", "none": "○"}
"""Beside its colour, what tells how far a verdict goes."""
_PACKAGE = "harness.report.render"
_PAGE = """{head}
<body>
<a class="skip" href="#main">Skip to the content</a>
<div class="frame">
<nav aria-label="Sections"><p class="name">{title}</p><ol>{links}</ol></nav>
<main id="main">
<header><h1>{title}</h1>
{lead}
</header>
{body}
</main>
</div>
<script>{script}</script>
</body>
</html>
"""


class HtmlRenderer(Renderer):
    """Renders for a browser; `draw` makes the pictures, None leaves their numbers to the tables below them.

    `made_of` is a digest of what the document was made from, which the page carries for whoever asks whether it is
    still true.
    """

    def __init__(self, draw: Draw | None = None, *, made_of: str = "") -> None:
        self._draw = draw
        self._made_of = made_of

    def render(self, document: Document) -> str:
        """Return the whole page."""
        sections = [each for each in document.blocks if isinstance(each, Section)]
        lead = [each for each in document.blocks if not isinstance(each, Section)]
        script = asset(_PACKAGE, "page.js")
        notes = f'<meta name="harness-made-of" content="{escape(self._made_of)}">\n'
        return _PAGE.format(
            head=page_head(document.title, css=asset(_PACKAGE, "page.css"), script=script, notes=notes),
            title=escape(document.title),
            links="".join(f'<li><a href="#{escape(each.name)}">{escape(each.title)}</a></li>' for each in sections),
            lead="\n".join(self._block(each, 2) for each in lead),
            body="\n".join(self._block(each, 2) for each in sections),
            script=script,
        )

    def _block(self, block: Block, level: int) -> str:  # noqa: PLR0911 - one for each type of block
        match block:
            case Prose(text):
                return f"<p>{_lines(text)}</p>"
            case Notice(text):
                return f'<p class="notice" role="note">{_lines(text)}</p>'
            case Table():
                return _table(block)
            case Finding():
                return _finding(block, level)
            case Figure():
                return self._figure(block)
            case Command():
                return (
                    f'<div class="command"><p>{escape(block.does)}</p>'
                    f'<pre tabindex="0"><code>{escape(block.line)}</code></pre></div>'
                )
            case Items():
                return items_list(block)
            case Section():
                inside = "\n".join(self._block(each, level + 1) for each in block.blocks)
                name = escape(block.name)
                return (
                    f'<section id="{name}" aria-labelledby="{name}--title">'
                    f'<h{level} id="{name}--title">{escape(block.title)}</h{level}>\n{inside}\n</section>'
                )
        assert_never(block)

    def _figure(self, figure: Figure) -> str:
        numbers = _table(figure.table)
        if self._draw is None:
            return numbers
        return (
            f'<figure class="picture" id="{escape(figure.name)}"><figcaption>{escape(figure.title)}</figcaption>'
            f'<div class="plot" role="img" tabindex="0" aria-label="{escape(figure.alt)}">{self._draw(figure)}</div>'
            f"<details><summary>The numbers</summary>{numbers}</details></figure>"
        )


def _lines(text: str) -> str:
    return "<br>".join(map(escape, text.splitlines()))


def _finding(finding: Finding, level: int) -> str:
    badge = _badge(finding.label, finding.weight) if finding.label else ""
    head = escape(finding.subject or finding.title)
    first, *more = finding.lines or ("",)
    said = "".join(f"<p>{_lines(line)}</p>" for line in more)
    return (
        f'<article class="finding {finding.weight}"><h{level}>{badge} <span>{head}</span></h{level}>'
        f'<p class="first">{_lines(first)}</p>{said}{_conditions(finding.conditions)}</article>'
    )


def _conditions(table: Table | None) -> str:
    if table is None:
        return ""
    return f"<details><summary>What it rests on: {len(table.rows)} conditions</summary>{_table(table)}</details>"


def _badge(text: str, weight: Weight) -> str:
    return f'<span class="badge {weight}"><span aria-hidden="true">{_SIGNS[weight]}</span> {escape(text)}</span>'


def _table(table: Table) -> str:
    """Return a table that scrolls within itself, with its title above and notes below."""
    numeric = [is_numeric(column) for column in zip(*table.rows, strict=True)] or [False] * len(table.headers)
    heads = "".join(
        f'<th scope="col"{_number_class(right)}>{_breaking(text)}</th>' if (text := header_text(head)) else "<td></td>"
        for head, right in zip(table.headers, numeric, strict=True)
    )
    rows = "".join(f"<tr>{''.join(_cells(row, numeric))}</tr>" for row in table.rows)
    label = escape(table.title or "table")
    caption = f"<figcaption>{_lines(table.title)}</figcaption>" if table.title else ""
    notes = "".join(f'<p class="note">{_lines(note)}</p>' for note in table.notes)
    return (
        f'<figure class="table">{caption}<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{notes}</figure>"
    )


def _breaking(name: str) -> str:
    """Return a name that a narrow column may break after its underscores."""
    return escape(name).replace("_", "_<wbr>")


def _cells(row: Iterable[Cell], numeric: Iterable[bool]) -> Iterator[str]:
    for place, (cell, right) in enumerate(zip(row, numeric, strict=True)):
        content = NOTHING if cell is None else "<br>".join(map(_part, parts_of(cell)))
        if place == 0 and content:
            yield f'<th scope="row">{content}</th>'
        else:
            yield f"<td{_number_class(right)}>{content}</td>"


def _number_class(right: bool) -> str:  # noqa: FBT001 - a column's property, passed along
    return ' class="number"' if right else ""


def _part(part: Part) -> str:
    if isinstance(part, Badge):
        return _badge(part.text, part.weight)
    if isinstance(part, Interval):
        estimate, limits = part.lines
        return f'{escape(estimate)}<br><span class="limits">{escape(limits)}</span>'
    return _lines(part_text(part))

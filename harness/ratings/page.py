"""The pairs as one page that works offline: nothing is fetched, nothing leaves it but the file that a rater saves.

The page is whole without its script, which only keeps and saves the marks. Every text of a model or a task is escaped.
"""

import hashlib
from collections.abc import Iterator, Sequence

from harness.ratings.draw import Pair
from harness.ratings.marks import DECLARED, EXPERTISE, MARKS, RATER, REQUIRED, SIDES, Mark
from harness.report.render.escape import escape
from harness.report.render.head import asset, page_head

_PACKAGE = "harness.ratings"
_PAGE = """{head}
<body data-sheet="{name}" data-columns="{columns}">
<main>
<h1>{title}</h1>
<p>{count} pairs of answers to questions. Which program gave which answer is not said, and it changes from pair to pair.
Mark each answer by itself first, then say which of the two you prefer. Leave a mark out where you cannot tell.</p>
{said}
<noscript><p class="notice">Without its script this page keeps nothing: fill in the CSV file instead.</p></noscript>
<fieldset class="who"><legend>Who you are</legend>
<label>Your name, or what you are called here <input type="text" data-label="{rater}" autocomplete="off"></label>
<label>Your expertise in this field <select data-label="{declared}"><option value=""></option>\
{expertise}</select></label>
</fieldset>
<p id="kept" role="status"></p>
{pairs}
<div class="tools"><p id="done" role="status"></p>
<button type="button" id="save">Save the marks as a file</button>
<label class="open">Go on from a saved file <input type="file" id="open" accept=".csv"></label></div>
</main>
<script>{script}</script>
</body>
</html>
"""


def page(pairs: Sequence[Pair], title: str, *, said: Sequence[str] = ()) -> str:
    """Return the page; `said` are paragraphs that come before the pairs, such as whom to cite."""
    script = asset(_PACKAGE, "rate.js")
    return _PAGE.format(
        head=page_head(title, css=asset(_PACKAGE, "rate.css"), script=script),
        title=escape(title),
        name=_name_of(pairs),
        columns=" ".join(REQUIRED),
        count=len(pairs),
        said="\n".join(f'<p class="note">{escape(each)}</p>' for each in said),
        rater=RATER,
        declared=DECLARED,
        expertise="".join(f'<option value="{each}">{each}</option>' for each in EXPERTISE),
        pairs="\n".join(_pair(each, number, len(pairs)) for number, each in enumerate(pairs, start=1)),
        script=script,
    )


def _name_of(pairs: Sequence[Pair]) -> str:
    """Return what a browser keeps the marks of this page under: other pairs are another page."""
    return hashlib.sha256("\n".join(each.name for each in pairs).encode()).hexdigest()[:16]


def _pair(pair: Pair, number: int, count: int) -> str:
    sides = "".join(
        f'<div class="side"><h3>Answer {side.upper()}</h3><div class="text">{escape(text.strip())}</div>'
        f"{''.join(_choices(pair, mark, column, side) for mark, column in _of_side(side))}</div>"
        for side, text in zip(SIDES, (pair.answer_a, pair.answer_b), strict=True)
    )
    whole = "".join(_choices(pair, mark, mark.name, None) for mark in MARKS if mark.of_pair)
    return (
        f'<section class="pair" data-pair="{escape(pair.name)}" aria-labelledby="{escape(pair.name)}">'
        f'<h2 id="{escape(pair.name)}">Pair {number} of {count}</h2><div class="question">{escape(pair.question)}</div>'
        f'<div class="sides">{sides}</div>{whole}</section>'
    )


def _of_side(side: str) -> Iterator[tuple[Mark, str]]:
    for mark in MARKS:
        if not mark.of_pair:
            yield mark, mark.columns[SIDES.index(side)]


def _choices(pair: Pair, mark: Mark, column: str, side: str | None) -> str:
    """Return one mark's values to choose from; who chose can choose nothing again."""
    of = "" if side is None else f" (answer {side.upper()})"
    values = "".join(
        f'<label><input type="radio" name="{column}--{escape(pair.name)}" data-column="{column}" value="{value}">'
        f" {value}</label>"
        for value in mark.values
    )
    return (
        f'<fieldset><legend>{escape(mark.asked)}<span class="hidden">{of}</span></legend>{values}'
        f'<button type="button" class="clear">leave out</button></fieldset>'
    )

"""Questions in a page: what a small script shows of them, a few at a time, and searches."""

import json
from typing import Any

from harness.compare.questions import ArmAnswers, Question
from harness.report.document import Items
from harness.report.render.escape import escape
from harness.text import visible

BUDGET = 6_000_000
"""Characters that the answers of one suite may take in a page; longer ones are cut to fit."""
_LEAST = 40
_LIST = """<div class="items" id="{name}"><div class="tools">\
<label>Search <input type="search" autocomplete="off"></label><label>Show <select></select></label></div>\
<p class="count" role="status"></p><div class="list"></div><button type="button" hidden>Show more</button>\
<noscript><p>The list of {count} questions needs the page's own script.</p></noscript>\
<script type="application/json">{data}</script></div>"""


def items_list(items: Items) -> str:
    """Return the place of the questions with their data; without a script it says how to have them otherwise."""
    names = list(items.questions[0].arms)
    answers = sum(len(arm.answers) for each in items.questions for arm in each.arms.values())
    most = max(_LEAST, BUDGET // max(answers, 1))
    content = {
        "recipes": names,
        "metric": items.metric,
        "items": [_item(each, names, most) for each in items.questions],
    }
    return _LIST.format(name=escape(items.name), count=f"{len(items.questions):,}", data=_json(content))


def _json(content: Any) -> str:
    """Return JSON in which nothing ends the element that it stands in."""
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _item(each: Question, names: list[str], most: int) -> dict[str, Any]:
    options = [visible(option) for option in each.options]
    return {
        "q": visible(each.text),
        "o": options,
        "t": visible(each.target),
        "x": int(each.suspect),
        "a": [_arm(each.arms[name], options, most) for name in names],
    }


def _arm(arm: ArmAnswers, options: list[str], most: int) -> list[Any]:
    """Return answers (an option by its place), score, share of right runs, and states by arm."""
    given = map(visible, arm.answers)
    answers = [options.index(answer) if answer in options else answer[:most] for answer in given]
    numbers = [None if number is None else round(number, 4) for number in (arm.score, arm.right)]
    return [answers, *numbers, dict(arm.against)]

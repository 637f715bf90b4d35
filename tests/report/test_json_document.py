"""JSON of a document has every figure as the number that it is, and as it is written."""

import json
import math

from harness.report.document import Document, Duration, Finding, Interval, Number, Prose, PValue, Section, Table
from harness.report.render.json import JsonRenderer


def test_blocks_have_types_and_figures_their_values_and_their_writing():
    gap = Interval(estimate=0.0123, low=-math.inf, high=0.5, form="{:.1f}", unit="points", times=100.0)
    row = ("a", gap, PValue(1e-9), Duration(61.0), None, (Number(value=0.5, form="{:.2f}"), "below"))
    table = Table(headers=tuple("abcdef"), rows=(row,))
    document = Document((Prose("said"), Section(name="s", title="S", blocks=(table, Finding(title="t", lines=("l",))))))
    said = json.loads(JsonRenderer().render(document))
    assert said["format"] == 1
    prose, section = said["blocks"]
    assert prose == {"type": "prose", "text": "said"}
    found, finding = section["blocks"]
    assert (section["type"], found["type"], finding["type"]) == ("section", "table", "finding")
    name, interval, p, duration, nothing, parts = found["rows"][0]
    assert name == "a"
    assert nothing is None
    assert interval["estimate"] == 0.0123
    assert interval["low"] is None
    assert interval["text"] == "1.2 [-inf, 50.0]"
    assert p == {"type": "pvalue", "value": 1e-9, "text": "<0.0001"}
    assert duration["text"] == "1 min 01 s"
    assert parts[0]["text"] == "0.50"

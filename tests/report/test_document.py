"""Figures are written alike wherever they stand, and a renderer only lays them out."""

import pytest

from harness.report.document import Document, Finding, Interval, Notice, Number, Prose, PValue, Table, Words
from harness.report.render.text import TextRenderer, cell_lines, render_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Number(value=0.6, sd=0.1414, form="{:.4f}", label="acc"), "acc 0.6000 ± 0.1414"),
        (Number(value=3 * 2**20, form="{:.0f}", unit="MiB", times=1 / 2**20), "3"),
        (Number(value=-0.0001, form="{:+.1f}", times=100.0), "0.0"),
        (Number(value=-0.012, form="{:+.1f}", times=100.0), "-1.2"),
        (PValue(0.01234), "0.0123"),
        (PValue(1e-9), "<0.0001"),
    ],
)
def test_a_figure_is_written_by_its_form(number, text):
    assert str(number) == text


def test_an_interval_stands_below_its_estimate():
    found = Interval(estimate=2.0, low=1.0, high=4.0, form="{:.2f}", symbol="×")
    assert tuple(cell_lines(found)) == ("2.00×", "[1.00, 4.00]")


def test_a_cell_may_have_several_parts_and_one_without_any_is_a_dash():
    assert tuple(cell_lines(("a", PValue(0.5), Words("persists, size unresolved", 16)))) == (
        "a",
        "0.5",
        "persists, size\nunresolved",
    )
    assert tuple(cell_lines(None)) == ("–",)


def test_a_notice_is_one_line_and_prose_is_folded():
    words = "word " * 40
    assert render_text(Notice(words)) == words
    assert max(map(len, render_text(Prose(words)).splitlines())) <= 100


def test_blocks_stand_apart_and_conditions_below_their_finding():
    table = Table(headers=("a", ("b", "c")), rows=(("x", None),), title="Title", notes=("note",))
    finding = Finding(title="lora: PERSISTS", lines=("It does.",), conditions=table)
    text = TextRenderer().render(Document((Prose("first"), finding)))
    assert text == "first\n\nlora: PERSISTS\n  It does.\nTitle\na    b\n     c\n---  ---\nx    –\nnote"

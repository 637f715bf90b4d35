"""Every figure of a page is drawn, in the colours of the page, without anything from outside."""

import re

import pytest

pytest.importorskip("altair", reason="needs the extra `report`")
pytest.importorskip("vl_convert", reason="needs the extra `report`")

from harness.api import load_run
from harness.records import CellResult
from harness.report.document import Figure, Section
from harness.report.render.pictures import draw
from harness.runs import conclude
from helpers.runs import scored_run


@pytest.fixture
def figures(tiny_spec, tmp_path):
    run = scored_run(tmp_path / "run", tiny_spec, items=60, gap=0.1)
    sections = [each for each in conclude(load_run(run.folder)).page.blocks if isinstance(each, Section)]
    assert all(isinstance(each, CellResult) for each in run.outcomes)
    return {block.name: block for each in sections for block in each.blocks if isinstance(block, Figure)}


def test_the_figures_of_a_run_are_drawn_in_the_colours_of_the_page(figures):
    assert {"forest", "plane", "slopes", "curves", "takings"} <= set(figures)
    for figure in figures.values():
        svg = draw(figure)
        assert svg.startswith("<svg viewBox=")
        assert svg.endswith("</svg>")
        assert "var(--" in svg
        colours = set(re.findall(r'(?:fill|stroke)="(#[^"]+)"', svg))
        assert colours == set(), figure.name
        assert not re.search(r"https?:", svg)


def test_a_name_with_markup_in_it_is_text_in_a_picture(figures):
    takings = figures["takings"]
    data = {name: tuple({**point, "recipe": "<b>&"} for point in points) for name, points in takings.data.items()}
    svg = draw(Figure(**{**{f: getattr(takings, f) for f in Figure.__dataclass_fields__}, "data": data}))
    assert "<b>" not in svg
    assert "&lt;b&gt;&amp;" in svg

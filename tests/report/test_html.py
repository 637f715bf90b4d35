"""A page is one file that fetches nothing, and shows what comes from data as what it is."""

import re
from html.parser import HTMLParser

import pytest

from harness.report.document import (
    Badge,
    Command,
    Document,
    Figure,
    Finding,
    Interval,
    Notice,
    Number,
    Prose,
    Section,
    Table,
)
from harness.report.render.html import HtmlRenderer

HOSTILE = "<script>alert(1)</script>\x1b[31m\"'&\u202e"
NUMBERS = Table(headers=("recipe", "gap"), rows=(("a", Number(value=1.5, form="{:.1f}")),))
FIGURE = Figure(name="one", kind="bars", title="One", alt="a bar", data={}, axes={}, table=NUMBERS)


class Tags(HTMLParser):
    """Notes the tags of a page in order, and that what is opened is closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, page):
        super().__init__()
        self.seen, self.open = [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def everything(text):
    """One of each block, all about one text."""
    conditions = Table(headers=("", text), rows=(("met", text),))
    return Document(
        (
            Prose(text),
            Section(
                name="all",
                title=text,
                blocks=(
                    Notice(text),
                    Table(
                        headers=(text, (text, text)),
                        rows=((text, (text, text)), (None, None)),
                        title=text,
                        notes=(text,),
                    ),
                    Finding(
                        title=text, lines=(text, text), conditions=conditions, subject=text, label=text, weight="open"
                    ),
                    Finding(title=text, lines=()),
                    Command(line=text, does=text),
                    Section(name="within", title=text, blocks=(FIGURE,)),
                ),
            ),
        ),
        text,
    )


@pytest.mark.parametrize("draw", [None, lambda figure: "<svg></svg>"], ids=["tables", "pictures"])
def test_what_comes_from_data_is_never_html_and_steers_nothing(draw):
    page = HtmlRenderer(draw).render(everything(HOSTILE))
    scripts = [tag for tag, _ in Tags(page).seen if tag == "script"]
    assert len(scripts) == 1
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_a_page_fetches_nothing_and_allows_its_own_script_alone():
    page = HtmlRenderer().render(everything("x"))
    for tag, attributes in Tags(page).seen:
        assert not {"src", "action"} & set(attributes)
        assert tag not in {"link", "img", "iframe"}
        assert attributes.get("href", "#").startswith("#")
    assert "default-src 'none'" in page
    assert "url(" not in page
    assert "@import" not in page


def test_every_section_is_in_the_navigation_and_there():
    tags = Tags(HtmlRenderer().render(everything("x"))).seen
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    links = [attributes["href"][1:] for tag, attributes in tags if tag == "a"]
    assert links == ["main", "all"]
    assert set(links) <= set(ids)
    assert len(ids) == len(set(ids))


def test_columns_of_figures_stand_to_the_right_with_limits_below_the_estimate():
    gap = Interval(estimate=1.0, low=0.5, high=1.5, form="{:.1f}")
    page = HtmlRenderer().render(Document((Table(headers=("recipe", "gap"), rows=(("a", gap), ("b", None))),)))
    assert '<th scope="col" class="number">gap</th>' in page
    assert '<td class="number">1.0<br><span class="limits">[0.5, 1.5]</span></td>' in page
    assert '<td class="number">–</td>' in page


def test_a_verdict_is_told_by_a_sign_and_not_by_colour_alone():
    signs = set()
    for weight in ("settled", "open", "none"):
        page = HtmlRenderer().render(Document((Table(headers=("x", "verdict"), rows=(("a", Badge("v", weight)),)),)))
        signs.add(re.search(r'aria-hidden="true">(.)</span> v', page)[1])
    assert len(signs) == 3


def test_without_pictures_a_figure_is_its_table_and_with_them_both_are_there():
    alone = HtmlRenderer().render(Document((FIGURE,)))
    drawn = HtmlRenderer(lambda figure: f"<svg data-of='{figure.name}'></svg>").render(Document((FIGURE,)))
    assert "<svg" not in alone
    assert "<svg data-of='one'></svg>" in drawn
    assert 'aria-label="a bar"' in drawn
    for page in (alone, drawn):
        assert '<td class="number">1.5</td>' in page

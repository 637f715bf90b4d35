"""Pictures of figures as SVG, drawn by Vega-Altair and vl-convert: static, in the colours of the page around them.

This needs the extra `report`. A colour is written as a variable of the page's style, so that a picture is dark where
the page is. Nothing is fetched: vl-convert has Vega within it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

from harness.report.document import Figure, FigureKind, Point

Chart = Any
"""What Altair calls a chart, of whichever kind; its classes share no type."""

_COLOURS = {f"#0{k}0{k}0{k}": f"var(--s{k})" for k in range(1, 9)}
"""By the colour that Vega is told, the one of the page: Vega takes numbers alone."""
_SERIES = [*_COLOURS]
_INK, _SOFT, _GRID, _BAND, _PAPER = "#0a0a01", "#0a0a02", "#0a0a03", "#0a0a04", "#0a0a05"
_NAMED = {_INK: "ink", _SOFT: "soft", _GRID: "grid", _BAND: "band", _PAPER: "paper"}
_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"]
_WIDTH = 470
_ROW = 26
"""Pixels of a row of names."""


def draw(figure: Figure) -> str:
    """Return a figure as an SVG element whose size follows the page, without a title of its own."""
    chart = _MAKERS[figure.kind](figure)
    spec = chart.configure(**_config()).to_dict()
    return _in_page_colours(vl_convert.vegalite_to_svg(spec))


def _config() -> dict[str, Any]:
    axis = {
        "labelColor": _SOFT,
        "titleColor": _SOFT,
        "gridColor": _GRID,
        "domainColor": _SOFT,
        "tickColor": _SOFT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 260,
    }
    return {
        "aria": False,
        "background": "transparent",
        "font": "Liberation Sans, Arial, Helvetica, sans-serif",
        "view": {"stroke": None},
        "axis": axis,
        "header": {"labelColor": _INK, "labelFontSize": 12, "titleColor": _SOFT, "labelFontWeight": "bold"},
        "title": {"color": _INK, "fontSize": 12.5, "anchor": "start", "fontWeight": "bold"},
        "legend": {"labelColor": _INK, "titleColor": _SOFT, "labelFontSize": 12, "labelLimit": 260, "title": None},
        "text": {"color": _SOFT, "fontSize": 11},
        "point": {"filled": True, "size": 70},
        "concat": {"spacing": 14},
    }


def _in_page_colours(svg: str) -> str:
    for told, name in {**_COLOURS, **{told: f"var(--{name})" for told, name in _NAMED.items()}}.items():
        svg = svg.replace(f'"{told}"', f'"{name}"')
    return _sized(svg)


def _sized(svg: str) -> str:
    """Return the SVG as wide as it was drawn, narrower where the page is."""
    head, rest = svg[: svg.index(">")], svg[svg.index(">") :]
    width, box = (re.search(rf'{name}="([^"]*)"', head) for name in (" width", "viewBox"))
    assert width is not None
    assert box is not None
    style = f"width:{width[1]}px;min-width:min({width[1]}px,30rem)"
    return f'<svg viewBox="{box[1]}" style="{style}" aria-hidden="true" focusable="false"{rest}'


def _data(points: Sequence[Point]) -> Any:
    return alt.Data(values=[dict(point) for point in points])


def _names(points: Sequence[Point], field: str = "recipe") -> list[str]:
    return list(dict.fromkeys(str(point[field]) for point in points))


def _colour(names: Sequence[str], *, legend: bool = True, field: str = "recipe") -> Any:
    scale = alt.Scale(domain=list(names), range=[_SERIES[place % len(_SERIES)] for place in range(len(names))])
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend() if legend else None)


def _dash(names: Sequence[str]) -> Any:
    """Return whole lines for as many recipes as there are colours, and dashed ones for those that repeat one."""
    dashes = [[1, 0] if place < len(_SERIES) else [5, 3] for place in range(len(names))]
    return alt.StrokeDash("recipe:N", scale=alt.Scale(domain=list(names), range=dashes), legend=None)


def _shape(names: Sequence[str], field: str = "recipe") -> Any:
    scale = alt.Scale(domain=list(names), range=[_SHAPES[place % len(_SHAPES)] for place in range(len(names))])
    return alt.Shape(f"{field}:N", scale=scale, legend=alt.Legend())


def _forest(figure: Figure) -> Chart:
    gaps, seeds, margins = (figure.data[name] for name in ("gaps", "seeds", "margins"))
    names, suites = _names(gaps), _names(gaps, "suite")

    def of(points: Sequence[Point], suite: str) -> Any:
        return _data([each for each in points if each["suite"] == suite])

    charts = []
    for place, suite in enumerate(suites):
        last = place == len(suites) - 1
        x = alt.Axis(title=figure.axes["x"]) if last else alt.Axis(labels=False, ticks=False, title=None, domain=False)
        y = alt.Y("recipe:N", sort=names, axis=alt.Axis(title=None, ticks=False, domain=False))
        band = (
            alt.Chart(of(margins, suite))
            .mark_rect(color=_BAND, opacity=0.16)
            .encode(x=alt.X("low:Q", axis=x), x2="high:Q")
        )
        zero = alt.Chart(_data([{"x": 0}])).mark_rule(color=_SOFT).encode(x="x:Q")
        bars = (
            alt.Chart(of(gaps, suite)).mark_rule(strokeWidth=2.2, color=_SERIES[0]).encode(x="low:Q", x2="high:Q", y=y)
        )
        dots = (
            alt.Chart(of(seeds, suite))
            .mark_point(filled=False, size=36, strokeWidth=1.3, color=_INK, opacity=0.75)
            .encode(x="gap:Q", y=y)
        )
        middle = alt.Chart(of(gaps, suite)).mark_point(size=80, color=_SERIES[0], opacity=1).encode(x="gap:Q", y=y)
        rows = sum(each["suite"] == suite for each in gaps)
        layered = alt.layer(band, zero, bars, middle, dots).properties(width=_WIDTH, height=_ROW * rows, title=suite)
        charts.append(layered)
    return alt.vconcat(*charts).resolve_scale(x="shared", y="independent")


def _plane(figure: Figure) -> Chart:
    points, rules = figure.data["points"], figure.data["rule"]
    names = _names(points)
    charts = []
    for rule in rules:
        shown = [each for each in points if each["suites"] == rule["suites"]]
        charts.append(_plane_of(shown, rule, names, figure.axes))
    return alt.concat(*charts, columns=2).resolve_scale(color="shared", shape="shared")


def _plane_of(points: Sequence[Point], rule: Point, names: Sequence[str], axes: Mapping[str, str]) -> Chart:
    fields = ("low_in", "high_in", "low_out", "high_out")
    far = 1.08 * max([abs(float(each[field] or 0)) for each in points for field in fields], default=1.0)
    inside, outside, kept = (float(rule[name] or 0) for name in ("margin_in", "margin_out", "retention"))
    scale = alt.Scale(domain=[-far, far], nice=False)
    x, y = (
        alt.X("x:Q", scale=scale, title=axes["x"], axis=alt.Axis(tickCount=6)),
        alt.Y("y:Q", scale=scale, title=axes["y"], axis=alt.Axis(tickCount=6)),
    )
    bands: list[Point] = [
        {"x": -min(inside, far), "x2": min(inside, far), "y": -far, "y2": far},
        {"x": -far, "x2": far, "y": -min(outside, far), "y2": min(outside, far)},
    ]
    diagonals: list[Point] = [
        {"line": line, "x": end, "y": slope * end}
        for line, slope in (("unchanged", 1.0), ("kept", kept))
        for end in (-far, far)
    ]
    # Four labels where all of a region is meant; the bands' own stand at their ends.
    labels: list[Point] = [
        {"x": far * 0.55, "y": far * 0.92, "text": "amplifies"},
        {"x": far * 0.80, "y": far * (1 + kept) / 2 * 0.74, "text": "persists"},
        {"x": far * 0.80, "y": far * kept * 0.42, "text": "attenuates"},
        {"x": far * 0.66, "y": -far * 0.62, "text": "reverses"},
        {"x": -far * 0.66, "y": far * 0.62, "text": "reverses"},
        {"x": -far * 0.70, "y": -far * 0.70 * (1 + kept) / 2, "text": "persists"},
    ]
    base = alt.Chart(_data(points))
    recipe = {"color": _colour(names), "shape": _shape(names)}
    lines = base.mark_rule(strokeWidth=1.6, opacity=0.85)
    layers = (
        alt.Chart(_data(bands)).mark_rect(color=_BAND, opacity=0.13).encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        alt.Chart(_data([{"x": 0}])).mark_rule(color=_GRID).encode(x=x),
        alt.Chart(_data([{"y": 0}])).mark_rule(color=_GRID).encode(y=y),
        alt.Chart(_data(diagonals))
        .mark_line(color=_SOFT, strokeDash=[4, 3], clip=True)
        .encode(x=x, y=y, detail="line:N"),
        alt.Chart(_data(labels)).mark_text(fontStyle="italic").encode(x=x, y=y, text="text:N"),
        lines.encode(
            x=alt.X("low_in:Q", scale=scale), x2="high_in:Q", y=alt.Y("out:Q", scale=scale), color=recipe["color"]
        ),
        lines.encode(
            x=alt.X("in:Q", scale=scale), y=alt.Y("low_out:Q", scale=scale), y2="high_out:Q", color=recipe["color"]
        ),
        base.mark_point(size=90, opacity=1).encode(
            x=alt.X("in:Q", scale=scale), y=alt.Y("out:Q", scale=scale), **recipe
        ),
    )
    return alt.layer(*layers).properties(width=300, height=300, title=str(rule["suites"]))


def _slopes(figure: Figure) -> Chart:
    ends = figure.data["ends"]
    pairs = list(dict.fromkeys((str(each["recipe"]), str(each["suites"])) for each in ends))
    charts = []
    for recipe, suites in pairs:
        own = [each for each in ends if (each["recipe"], each["suites"]) == (recipe, suites)]
        y = alt.Y("gap:Q", title=figure.axes["y"])
        x = alt.X("where:N", sort=["in", "out"], title=None, axis=alt.Axis(labelAngle=0), scale=alt.Scale(padding=0.2))
        base = alt.Chart(_data(own)).encode(x=x, y=y, detail="seed:N")
        zero = alt.Chart(_data([{"y": 0}])).mark_rule(color=_SOFT, strokeDash=[2, 2]).encode(y="y:Q")
        lines = base.mark_line(color=_SERIES[0], opacity=0.7, strokeWidth=1.5)
        dots = base.mark_point(color=_SERIES[0], size=40, opacity=1)
        title = alt.TitleParams([recipe, suites], fontSize=11)
        charts.append(alt.layer(zero, lines, dots).properties(width=150, height=150, title=title))
    return alt.concat(*charts, columns=3).resolve_scale(y="shared")


def _tradeoff(figure: Figure) -> Chart:
    points = figure.data["points"]
    names = _names(points)
    base = alt.Chart(_data(points))
    x = alt.X("x:Q", title=figure.axes["x"], scale=alt.Scale(zero=False, padding=14))
    y = alt.Y("y:Q", title=figure.axes["y"])
    colour = _colour(names)
    return alt.layer(
        alt.Chart(_data([{"y": 0}])).mark_rule(color=_SOFT, strokeDash=[2, 2]).encode(y="y:Q"),
        base.mark_rule(strokeWidth=1.8).encode(
            x=x, y=alt.Y("low:Q", title=figure.axes["y"]), y2="high:Q", color=colour
        ),
        base.mark_point(size=100, opacity=1).encode(x=x, y=y, color=colour, shape=_shape(names)),
    ).properties(width=_WIDTH, height=260)


def _curves(figure: Figure) -> Chart:
    training, held_out = figure.data["training"], figure.data["held out"]
    charts = []
    for recipe in _names(training):
        lines, dots = ([each for each in points if each["recipe"] == recipe] for points in (training, held_out))
        x = alt.X("step:Q", title=figure.axes["x"], axis=alt.Axis(tickMinStep=1))
        y = alt.Y("loss:Q", title=figure.axes["y"], scale=alt.Scale(zero=False))
        layers = [
            alt.Chart(_data(lines))
            .mark_line(color=_SERIES[0], opacity=0.6, strokeWidth=1.1)
            .encode(x=x, y=y, detail="seed:N")
        ]
        if dots:
            kept = alt.Chart(_data(dots)).encode(x=x, y=y, detail="seed:N")
            layers += [kept.mark_line(color=_SERIES[1], strokeWidth=1.4), kept.mark_point(color=_SERIES[1], size=30)]
        charts.append(alt.layer(*layers).properties(width=225, height=140, title=recipe))
    return alt.concat(*charts, columns=2).resolve_scale(y="shared")


def _courses(figure: Figure) -> Chart:
    points = figure.data["courses"]
    names, charts = _names(points), []
    for panel in _names(points, "panel"):
        shown = _data([each for each in points if each["panel"] == panel])
        x = alt.X("x:Q", title=figure.axes["x"], axis=alt.Axis(tickCount=6))
        y = alt.Y("y:Q", title=figure.axes["y"], scale=alt.Scale(zero=False))
        drawn = alt.Chart(shown).encode(x=x, y=y, detail="seed:N", color=_colour(names))
        lines = drawn.mark_line(opacity=0.6, strokeWidth=1.1).encode(strokeDash=_dash(names))
        charts.append(
            alt.layer(lines, drawn.mark_point(size=14, opacity=0.8)).properties(width=225, height=140, title=panel)
        )
    return alt.concat(*charts, columns=2).resolve_scale(color="shared", strokeDash="shared")


def _bars(figure: Figure) -> Chart:
    charts = []
    for place, (measure, points) in enumerate(figure.data.items()):
        shown = alt.Axis(title=None, ticks=False, domain=False, labels=place == 0)
        y = alt.Y("recipe:N", sort=_names(points), axis=shown)
        base = alt.Chart(_data(points)).encode(x=alt.X("x:Q", title=None, axis=alt.Axis(tickCount=3, format="~s")), y=y)
        written = base.mark_text(align="left", dx=4).encode(text=alt.Text("x:Q", format=",.3~g"))
        height = _ROW * len(points)
        layered = alt.layer(base.mark_bar(color=_SERIES[0], size=14), written)
        charts.append(layered.properties(width=150, height=height, title=measure))
    return alt.hconcat(*charts)


def _ratios(figure: Figure) -> Chart:
    points = figure.data["ratios"]
    y = alt.Y("recipe:N", sort=_names(points), axis=alt.Axis(title=None, ticks=False, domain=False))
    base = alt.Chart(_data(points)).encode(y=y)
    scale = alt.Scale(type="log", nice=False, padding=12)
    return alt.layer(
        alt.Chart(_data([{"x": 1}])).mark_rule(color=_SOFT).encode(x=alt.X("x:Q", scale=scale)),
        base.mark_rule(strokeWidth=2.2, color=_SERIES[0]).encode(
            x=alt.X("low:Q", scale=scale, title=figure.axes["x"], axis=alt.Axis(format="~g")), x2="high:Q"
        ),
        base.mark_point(size=80, color=_SERIES[0], opacity=1).encode(x=alt.X("x:Q", scale=scale)),
    ).properties(width=_WIDTH, height=_ROW * len(points))


def _frontier(figure: Figure) -> Chart:
    enough, now = figure.data["enough"], figure.data["now"]
    names = _names(enough, "label")
    x = alt.X("seeds:Q", title=figure.axes["x"], scale=alt.Scale(type="log"), axis=alt.Axis(format="~g"))
    y = alt.Y("items:Q", title=figure.axes["y"], scale=alt.Scale(type="log"), axis=alt.Axis(format="~g"))
    base = alt.Chart(_data(enough))
    colour = _colour(names, field="label")
    return alt.layer(
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
        base.mark_point(size=35, opacity=1).encode(x=x, y=y, color=colour, shape=_shape(names, "label")),
        alt.Chart(_data(now)).mark_point(shape="cross", size=120, color=_INK, opacity=1).encode(x=x, y=y),
        alt.Chart(_data(now)).mark_text(align="left", dx=9).encode(x=x, y=y, text=alt.value("this run")),
    ).properties(width=_WIDTH, height=240)


_MAKERS: dict[FigureKind, Callable[[Figure], Chart]] = {
    "forest": _forest,
    "plane": _plane,
    "slopes": _slopes,
    "tradeoff": _tradeoff,
    "curves": _curves,
    "courses": _courses,
    "bars": _bars,
    "ratios": _ratios,
    "frontier": _frontier,
}

"""A chart of lines on linear or log axes, each named at its right end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeword_bench.axes import (
    SHAPES,
    SMALL,
    SOFT,
    WIDTH,
    Scale,
    axes,
    element,
    empty,
    fill,
    line,
    mark,
    polyline,
    shortened,
    span,
    svg,
    text,
    text_width,
    tooltip,
    y_room,
)


@dataclass(frozen=True)
class Series:
    """One line of a chart; colour (of axes.COLOURS) and dashes go by its place in the row unless given."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: int | None = None
    dashes: str = ""


def lines(
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    *,
    x_log: bool = False,
    y_log: bool = False,
    title: str = "",
    markers: bool = True,
    y_holds: Sequence[float] = (),
    level: float | None = None,
) -> str:
    """A line for each series, named at its right end; `y_holds` are values the axis must show, `level` a heavier line.

    Values on a log axis have to be above 0.
    """
    drawn = [one for one in series if len(one.x)]
    if not drawn:
        return empty(title)
    top = 60.0 if title else 36.0
    bottom = top + max(230.0, 17.0 * len(drawn))
    names = [shortened(one.name, 200, SMALL) for one in drawn]
    right = WIDTH - max(text_width(name, SMALL) for name in names) - 30
    y = Scale(*span([*(v for one in drawn for v in one.y), *y_holds], y_log), bottom, top, y_log)
    x = Scale(*span([v for one in drawn for v in one.x], x_log, 0.03), y_room(y, 7), right, x_log)
    body = axes(x, y, x_label, y_label)
    if level is not None:
        body.append(line(x.start, y(level), x.end, y(level), stroke=SOFT, class_="axis", stroke_width=1.5))
    for i, one in enumerate(drawn):
        body.append(_line(one, i, x, y, markers))
    body += _line_names(drawn, names, x, y)
    return svg(bottom + 46, title, *body)


def _line(one: Series, index: int, x: Scale, y: Scale, markers: bool) -> str:
    colour = index if one.colour is None else one.colour
    points = [(x(a), y(b)) for a, b in zip(one.x, one.y, strict=True)]
    parts = [tooltip(one.name), polyline(points, colour, stroke_width=1.6, stroke_dasharray=one.dashes or "none")]
    if markers or len(points) == 1:
        parts += [
            mark(SHAPES[index % len(SHAPES)], *point, 4, tooltip(f"{one.name}: {a:,.6g}, {b:,.6g}"), **fill(colour))
            for point, a, b in zip(points, one.x, one.y, strict=True)
        ]
    return element("g", *parts)


def _line_names(series: Sequence[Series], names: Sequence[str], x: Scale, y: Scale) -> list[str]:
    parts = []
    ends = [y(one.y[-1]) for one in series]
    rows = spread(ends, SMALL + 3, y.end, y.start)
    for i, (one, name, end, row) in enumerate(zip(series, names, ends, rows, strict=True)):
        path = [(x(one.x[-1]), end), (x.end + 2, end), (x.end + 16, row), (x.end + 24, row)]
        colour = i if one.colour is None else one.colour
        parts.append(polyline(path, colour, stroke_width=1.0, stroke_opacity=0.6))
        parts.append(text(x.end + 28, row + 4, name, size=SMALL))
    return parts


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places nearest to the wanted ones, in their order, at least `apart` from each other, between low and high."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    # Less what the ranks before it take, a place need only not lie beyond its successor's; those that do are pooled.
    pools: list[list[float]] = []
    for rank, i in enumerate(order):
        pools.append([wanted[i] - rank * apart])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    flat = [_mean(pool) for pool in pools for _ in pool]
    places = [0.0] * len(wanted)
    for rank, i in enumerate(order):
        places[i] = max(min(flat[rank], high - (len(order) - 1) * apart), low) + rank * apart
    return places


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

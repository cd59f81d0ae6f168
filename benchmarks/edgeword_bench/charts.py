"""The pictures of a benchmark, each a whole SVG: pure Python, since the device that measures has no matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from edgeword_bench.axes import (
    INK,
    PAPER,
    SMALL,
    SOFT,
    WIDTH,
    Anchor,
    Box,
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
    stroke,
    svg,
    text,
    text_width,
    tooltip,
    x_axis,
    y_room,
)
from edgeword_bench.lines import Series, lines
from edgeword_bench.results import Report, Result

ENGINES = {"litert": (0, "circle"), "onnx": (1, "square")}
"""Colour and shape of each engine's marks."""
OTHER_ENGINE = (2, "diamond")
CHANGES = ((0.1, 1.0), (0.5, 0.35), (math.inf, 0.0))
"""Up to how many percent of perplexity, either way, a mark is filled how much."""
DASHES = ("", "7 3", "2 2", "9 3 2 3", "4 2", "1 3", "12 4")
POSITION_BINS = 24
MARK = 6.0
PLACEMENTS = 5

Point = tuple[float, float]
Floats = npt.NDArray[np.float64]


# --- size against time ---


def scatter(report: Report) -> str:
    """File size against time a word, both log; the change of perplexity as label and fill."""
    heading, height = "Size, speed and change of perplexity", 430.0
    measured = [(result, result.p50_us) for result in report.results if result.p50_us and result.size_bytes > 0]
    if not measured:
        return empty(heading)
    y = Scale(*span([p50 for _, p50 in measured], True, 0.08), height - 46, 76, True)
    x = Scale(*span([_mb(result) for result, _ in measured], True, 0.08), y_room(y, 9), WIDTH - 8, True)
    points = [(x(_mb(result)), y(p50)) for result, p50 in measured]
    labels = [f"{shortened(result.precision, 200)} {percent(result.perplexity_increase)}" for result, _ in measured]
    places = place_labels(points, labels, Box(x.start + 2, y.end + 2, x.end, y.start - 2))
    body = axes(x, y, "size of the file, MB", "µs a word, p50", 9)
    # Leader lines lie below all marks, and labels above.
    body += [_leader(point, box) for point, box in zip(points, places, strict=True) if box]
    body += [_scatter_mark(result, *point) for (result, _), point in zip(measured, points, strict=True)]
    body += [_label(words, box, at) for words, box, at in zip(labels, places, points, strict=True) if box]
    return svg(height, heading, *_scatter_legend([result for result, _ in measured]), *body)


def percent(change: float) -> str:
    """With its sign, and no minus before a zero."""
    return f"{round(change, 2) + 0.0:+.2f} %"


def _mb(result: Result) -> float:
    return result.size_bytes / 1e6


def _scatter_mark(result: Result, x: float, y: float) -> str:
    colour, shape = ENGINES.get(result.engine, OTHER_ENGINE)
    words = (
        f"{result.name}: {result.p50_us:,.2f} µs a word, {_mb(result):,.2f} MB, "
        f"perplexity {result.perplexity:,.2f} ({result.perplexity_increase:+.3f} %)"
    )
    return _filled(shape, x, y, colour, result.perplexity_increase, tooltip(words))


def _filled(shape: str, x: float, y: float, colour: int, change: float, *children: str) -> str:
    # Paper below a mark that is not full keeps the grid from showing through.
    paper = mark(shape, x, y, MARK, fill=PAPER, class_="paper")
    share = next(share for below, share in CHANGES if abs(change) < below)
    paint = {**stroke(colour), **fill(colour), "class_": f"f{colour} s{colour}"}
    return paper + mark(shape, x, y, MARK, *children, **paint, fill_opacity=share, stroke_width=1.8)


def _scatter_legend(results: Sequence[Result]) -> list[str]:
    parts, at, y = [], 8.0, 36.0
    for engine in dict.fromkeys(result.engine for result in results):
        colour, shape = ENGINES.get(engine, OTHER_ENGINE)
        name = shortened(engine, 90, SMALL)
        parts += [_filled(shape, at, y - 4.5, colour, 0.0), text(at + 11, y, name, size=SMALL)]
        at += text_width(name, SMALL) + 28
    words = "perplexity changed by"
    parts.append(text(at, y, words, size=SMALL, soft=True))
    at += text_width(words, SMALL) + 12
    for change, label in ((0.0, "< 0.1 %"), (0.2, "< 0.5 %"), (1.0, "more")):
        parts += [_filled("circle", at, y - 4.5, 6, change), text(at + 11, y, label, size=SMALL, soft=True)]
        at += text_width(label, SMALL) + 26
    return parts


def place_labels(points: Sequence[Point], labels: Sequence[str], frame: Box) -> list[Box | None]:
    """A box for each label, inside the frame and on no mark and no other label; None where there is no room.

    Leader lines cross nothing either, unless the crowd is too dense for that.
    """
    marks = [_around(point, MARK + 1) for point in points]
    # The most crowded point chooses first; whoever finds no room chooses before all others in the next try.
    order = sorted(range(len(points)), key=lambda i: -sum(marks[i].overlaps(other) for other in marks))
    places: dict[int, Box] = {}
    for attempt in range(PLACEMENTS):
        places = _placed(points, labels, frame, order, strict=PLACEMENTS - 1 - attempt)
        order.sort(key=lambda i: i in places)
        if len(places) == len(points):
            break
    return [places.get(i) for i in range(len(points))]


def _placed(
    points: Sequence[Point], labels: Sequence[str], frame: Box, order: Sequence[int], strict: int
) -> dict[int, Box]:
    marks = [_around(point, MARK + 1) for point in points]
    places: dict[int, Box] = {}
    leaders: list[Box] = []
    for i in order:
        # In a crowd leader lines may cross each other and marks, and at the very last pass behind labels.
        lines_of_others = leaders if strict > 1 else []
        barred = [*leaders, *marks[:i], *marks[i + 1 :]] if strict > 1 else []
        barred += places.values() if strict > 0 else ()
        for box in _candidates(*points[i], text_width(labels[i], SMALL), SMALL + 3):
            if not box.within(frame) or _hits(box, marks, places.values(), lines_of_others):
                continue
            path = [_around(point, 1) for point in _leader_points(points[i], box)]
            # Without a leader line, the nearest mark is taken to be the label's own.
            own = bool(path) or min(points, key=box.distance) == points[i]
            if own and not any(_hits(part, barred) for part in path):
                places[i] = box
                leaders += path
                break
    return places


def _hits(box: Box, *others: Iterable[Box]) -> bool:
    return any(box.overlaps(other) for group in others for other in group)


def _around(point: Point, away: float) -> Box:
    return Box(point[0] - away, point[1] - away, point[0] + away, point[1] + away)


def _candidates(x: float, y: float, width: float, height: float) -> Iterator[Box]:
    """Beside the mark, then on wider and wider rings."""
    sides = [(9.0, (dx, dy)) for dx, dy in ((1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0))]
    corners = [(7.5, (dx, dy)) for dx in (1.0, -1.0) for dy in (-1.0, 1.0)]
    turns = [(math.cos(turn * math.pi / 12), math.sin(turn * math.pi / 12)) for turn in range(24)]
    rings = [(float(away), turn) for away in range(16, 320, 8) for turn in turns]
    for away, (dx, dy) in [*sides, *corners, *rings]:
        left = x + away * dx + width * (dx - 1) / 2
        top = y + away * dy + height * (dy - 1) / 2
        yield Box(left, top, left + width, top + height)


def _leader_points(point: Point, box: Box) -> list[Point]:
    """From a mark's edge to the nearest point of the box, every 4 px or less; empty where the two are neighbours."""
    x, y = point
    end_x, end_y = min(max(x, box.left), box.right), min(max(y, box.top + 3), box.bottom - 3)
    length = math.hypot(end_x - x, end_y - y)
    if length < 15:
        return []
    shares = np.linspace((MARK + 2) / length, 1, math.ceil(length / 4))
    return [(x + (end_x - x) * float(share), y + (end_y - y) * float(share)) for share in shares]


def _leader(point: Point, box: Box) -> str:
    path = _leader_points(point, box)
    return line(*path[0], *path[-1], stroke=SOFT, class_="axis") if path else ""


def _label(words: str, box: Box, point: Point) -> str:
    # The words may be narrower than their box: they keep to the side of their mark.
    anchor: Anchor = "middle"
    x = (box.left + box.right) / 2
    if box.left > point[0]:
        x, anchor = box.left, "start"
    elif box.right < point[0]:
        x, anchor = box.right, "end"
    return text(x, box.bottom - 3.5, words, anchor, size=SMALL)


# --- how the words' times are distributed ---


def distributions(report: Report) -> str:
    """A row for each variant, fastest first: how often which time a word, with ticks at p50, p90 and p99."""
    heading, row_height, top = "Distribution of the time a word", 47.0, 30.0
    measured = sorted((r for r in report.results if r.p50_us), key=lambda r: r.p50_us or 0.0)
    if not measured:
        return empty(heading)
    samples = [_words(result) for result in measured]
    bottom = top + row_height * len(measured)
    x = Scale(
        *span([v for r, words in zip(measured, samples, strict=True) for v in _ends(r, words)], True), 6, 554, True
    )
    body = x_axis(x, bottom, top, "µs a word; filled: how often, by row; lines: p50, p90, p99")
    for i, (result, words) in enumerate(zip(measured, samples, strict=True)):
        body.append(_distribution(result, words, x, top + i * row_height, row_height))
    return svg(bottom + 46, heading, *body)


def _words(result: Result) -> Floats:
    words = np.array([us for sitting in result.times_us for turn in sitting for us in turn], dtype=np.float64)
    return words[words > 0]


def _quantiles(result: Result) -> list[tuple[str, float]]:
    figures = (("p50", result.p50_us), ("p90", result.p90_us), ("p99", result.p99_us))
    return [(name, us) for name, us in figures if us]


def _ends(result: Result, words: Floats) -> list[float]:
    """The values that the axis has to hold: the slowest thousandth may leave it, lest one word flatten all rows."""
    ends = [us for _, us in _quantiles(result)]
    return ends if not words.size else ends + [float(np.percentile(words, q, method="lower")) for q in (0.1, 99.9)]


def _distribution(result: Result, words: Floats, x: Scale, top: float, height: float) -> str:
    colour, shape = ENGINES.get(result.engine, OTHER_ENGINE)
    middle, half = top + height - 14, 11.0
    figures = " · ".join(f"{name} {us:,.1f}" for name, us in _quantiles(result))
    name = shortened(result.name, WIDTH - 45 - text_width(figures, SMALL), SMALL)
    parts = [
        line(0, top, WIDTH, top) if top > 40 else "",
        _whisker(words, x, middle, colour),
        _violin(words, x, middle, half, colour),
        *(_tick(x(us), middle, half, tick == "p50") for tick, us in _quantiles(result)),
        mark(shape, 12, top + 12, 5, **fill(colour)),
        text(23, top + 16, name, size=SMALL),
        text(WIDTH - 6, top + 16, figures, "end", size=SMALL, soft=True),
    ]
    longest = f", slowest {words.max():,.1f} µs" if words.size else ""
    return element("g", tooltip(f"{result.name}: {words.size:,} words, {figures} µs{longest}"), *parts)


def _tick(x: float, middle: float, half: float, median: bool) -> str:
    reach = half + 1 if median else half - 3
    return line(x, middle - reach, x, middle + reach, stroke=INK, stroke_width=2.0 if median else 1.2, class_="tick")


def _whisker(words: Floats, x: Scale, middle: float, colour: int) -> str:
    """From the fastest word to the slowest that the axis still shows."""
    shown = words[(words >= x.low) & (words <= x.high)]
    return polyline([(x(us), middle) for us in (shown.min(), shown.max())], colour) if shown.size else ""


def _violin(words: Floats, x: Scale, middle: float, half: float, colour: int) -> str:
    at, height = density(words, x)
    if not at.size:
        return ""
    upper = [(float(a), middle - half * float(h)) for a, h in zip(at, height, strict=True)]
    lower = [(a, 2 * middle - b) for a, b in reversed(upper)]
    where = " ".join(f"{a:.1f},{b:.1f}" for a, b in upper + lower)
    return element("polygon", points=where, fill_opacity=0.45, **fill(colour))


def density(words: Floats, x: Scale) -> tuple[Floats, Floats]:
    """Positions on the axis and how often words fall there, the most frequent being 1; words off the axis left out."""
    edges = np.linspace(x.start, x.end, round(x.end - x.start) + 1)
    places = x.start + (np.log(words) - math.log(x.low)) / math.log(x.high / x.low) * (x.end - x.start)
    counts = np.histogram(places, edges)[0]
    if not counts.any():
        return np.empty(0), np.empty(0)
    # A kernel of 1.2 px: the least that hides the pixels' own steps.
    kernel = np.exp(-0.5 * (np.arange(-4, 5) / 1.2) ** 2)
    smooth = np.convolve(counts, kernel, "same")
    seen = np.flatnonzero(smooth > smooth.max() * 1e-3)
    first, last = seen[0], seen[-1] + 1
    return ((edges[:-1] + edges[1:]) / 2)[first:last], (smooth / smooth.max())[first:last]


# --- the time a word along a turn ---


def positions(report: Report) -> str:
    """Median time at a word's place in its turn over the variant's p50: flat where a word's cost does not grow."""
    heading = "Does a word cost more as the text grows?"
    measured = [result for result in report.results if _words(result).size]
    if not measured:
        return empty(heading)
    series = [_relative(result, index) for result, index in zip(measured, _within_engine(measured), strict=True)]
    return lines(
        series,
        "word's place in its turn",
        "median time there ÷ the variant's p50",
        title=heading,
        markers=False,
        y_holds=(0.8, 1.2),
        level=1.0,
    )


def _within_engine(results: Sequence[Result]) -> list[int]:
    return [[r.engine for r in results[:i]].count(result.engine) for i, result in enumerate(results)]


def _relative(result: Result, index: int) -> Series:
    medians = position_medians(result)
    p50 = result.p50_us or float(np.median(_words(result)))
    bins = np.array_split(np.arange(medians.size), min(POSITION_BINS, medians.size))
    return Series(
        result.name,
        [float(part.mean()) + 1 for part in bins],
        [float(np.median(medians[part])) / p50 for part in bins],
        ENGINES.get(result.engine, OTHER_ENGINE)[0],
        DASHES[index % len(DASHES)],
    )


def position_medians(result: Result) -> Floats:
    """The median over all turns at each place, as far as at least half of the turns go: the rest are too few."""
    turns = [turn for sitting in result.times_us for turn in sitting if turn]
    far = sorted(map(len, turns))[len(turns) // 2]
    table = np.full((len(turns), far), np.nan)
    for row, turn in zip(table, turns, strict=True):
        row[: len(turn)] = turn[:far]
    return np.asarray(np.nanmedian(table, axis=0), dtype=np.float64)

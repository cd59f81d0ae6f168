"""Scales, ticks, text and marks of the charts, as SVG.

Every element carries its colour for a light page as an attribute, for readers that know no CSS, and a class by which
a page can give it another: `ink`, `soft`, `grid`, `paper`, and `f0` … for the fills, `s0` … for the strokes of COLOURS.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

WIDTH = 560
"""Narrow, so that a phone, which shows it at about two thirds, leaves the text readable."""
TEXT, SMALL, HEADING = 13, 12, 15
INK, SOFT, GRID, PAPER = "#1b1f24", "#57606a", "#dde2e7", "#ffffff"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b0588c", "#8a6d00", "#3a8fc7", "#6b6b6b")
"""After Okabe and Ito, which colour-blind readers can tell apart; the lighter ones darkened for thin lines."""
SHAPES = ("circle", "square", "diamond", "triangle")

# Widths of DejaVu Sans, the widest of the usual sans-serif fonts, in parts of the font's size.
_NARROW, _WIDE = frozenset("iljI.,;:|!'"), frozenset("mwMW%@+×÷–")
# Characters that XML cannot hold, even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MANTISSAS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), tuple(i / 2 for i in range(2, 20)))

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Box:
    """A rectangle of the picture; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share more than an edge."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def within(self, other: Box) -> bool:
        """Whether all of it lies in the other."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.top <= self.top and self.bottom <= other.bottom

    def distance(self, point: tuple[float, float]) -> float:
        """From its edge to a point outside."""
        x, y = point
        return math.hypot(max(self.left - x, 0, x - self.right), max(self.top - y, 0, y - self.bottom))


@dataclass(frozen=True)
class Scale:
    """From values `low` … `high` to the picture's `start` … `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Where in the picture a value lies."""
        low, high, at = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """At most about `most` round values between low and high."""
        return (log_ticks if self.log else linear_ticks)(self.low, self.high, most)


def span(values: Sequence[float], log: bool = False, room: float = 0.06) -> tuple[float, float]:
    """Lowest and highest value and some room around them, never an empty range."""
    low, high = min(values), max(values)
    if log:
        low, high = math.log(low), math.log(high)
    wider = (high - low) * room or (0.5 if log else abs(low) / 2 or 1.0)
    low, high = low - wider, high + wider
    return (math.exp(low), math.exp(high)) if log else (low, high)


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= least * (1 - 1e-9))
    return [round(i * step, 12) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """The densest of the usual rows (1, 10 …; 1, 2, 5, 10 …) that has not too many; linear where it has too few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    rows = [[m * 10.0**d for d in decades for m in row if low <= m * 10.0**d <= high] for row in _MANTISSAS]
    fitting = [row for row in rows if 3 <= len(row) <= most]
    if fitting:
        return fitting[-1]
    whole = rows[0]
    return whole[:: math.ceil(len(whole) / most)] if len(whole) > most else linear_ticks(low, high, most)


def tick_labels(ticks: Sequence[float], log: bool) -> list[str]:
    """Figures with thousands separated; on a linear axis all with as many decimals."""
    plain = [f"{tick:,.10g}" for tick in ticks]
    if log or any("e" in label for label in plain):
        return plain
    decimals = max((len(label.partition(".")[2]) for label in plain), default=0)
    return [f"{tick:,.{decimals}f}" for tick in ticks]


def text_width(words: str, size: float = TEXT) -> float:
    """An estimate of the drawn width, rather too wide than too narrow."""
    return size * sum(0.36 if c in _NARROW else 0.9 if c in _WIDE else 0.42 if c in " -frt/" else 0.64 for c in words)


def shortened(words: str, width: float, size: float = TEXT) -> str:
    """The words, or as much of them as fits and an ellipsis."""
    if text_width(words, size) <= width:
        return words
    while words and text_width(words + "…", size) > width:
        words = words[:-1]
    return words + "…"


def escape(words: object) -> str:
    """Text for XML and HTML; what XML cannot hold becomes U+FFFD."""
    return html.escape(_ILLEGAL.sub("\ufffd", str(words)))


def element(tag: str, *children: str, **attributes: object) -> str:
    """An element of escaped children; `class_` is written `class`, and `stroke_width` `stroke-width`."""
    pairs = (f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"' for name, value in attributes.items())
    inner = "".join(children)
    return f"<{tag}{''.join(pairs)}>{inner}</{tag}>" if inner else f"<{tag}{''.join(pairs)}/>"


def _value(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else escape(value)


def fill(index: int) -> dict[str, str]:
    """The attributes that fill with a colour of COLOURS."""
    return {"fill": COLOURS[index % len(COLOURS)], "class_": f"f{index % len(COLOURS)}"}


def stroke(index: int) -> dict[str, str]:
    """The attributes that draw a line in a colour of COLOURS."""
    return {"fill": "none", "stroke": COLOURS[index % len(COLOURS)], "class_": f"s{index % len(COLOURS)}"}


def tooltip(words: str) -> str:
    """What a pointer that rests on the enclosing element is shown."""
    return element("title", escape(words))


def text(
    x: float,
    y: float,
    words: str,
    anchor: Anchor = "start",
    *,
    size: int = TEXT,
    soft: bool = False,
    bold: bool = False,
) -> str:
    """Words with their baseline at y, and a rim of paper that keeps lines behind them off."""
    colour = {"fill": SOFT, "class_": "soft halo"} if soft else {"fill": INK, "class_": "ink halo"}
    rim = {"stroke": PAPER, "stroke_width": 3, "stroke_linejoin": "round", "paint_order": "stroke"}
    weight = {"font_weight": "bold"} if bold else {}
    where = {"x": float(x), "y": float(y), "font_size": size, "text_anchor": anchor}
    return element("text", escape(words), **where, **colour, **rim, **weight)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> str:
    """A straight line, of the grid's colour unless told otherwise."""
    colour = {"stroke": GRID, "class_": "grid", **attributes}
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **colour)


def polyline(points: Sequence[tuple[float, float]], index: int, **attributes: object) -> str:
    """A line through points of the picture in a colour of COLOURS."""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return element("polyline", points=where, stroke_linejoin="round", **stroke(index), **attributes)


def mark(shape: str, x: float, y: float, radius: float, /, *children: str, **attributes: object) -> str:
    """One of SHAPES, of about equal area."""
    if shape == "circle":
        return element("circle", *children, cx=float(x), cy=float(y), r=float(radius), **attributes)
    corners = {
        "square": ((-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)),
        "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
        "triangle": ((0, -1.35), (1.2, 0.8), (-1.2, 0.8)),
    }[shape]
    where = " ".join(f"{x + dx * radius:.2f},{y + dy * radius:.2f}" for dx, dy in corners)
    return element("polygon", *children, points=where, **attributes)


def svg(height: float, heading: str, *body: str) -> str:
    """A whole picture WIDTH wide, its heading drawn at the top and told to those who hear it."""
    box = f"0 0 {WIDTH} {height:.0f}"
    paper = element("rect", width=WIDTH, height=float(height), fill=PAPER, class_="paper")
    words = [text(0, HEADING + 1, shortened(heading, WIDTH, HEADING), size=HEADING, bold=True)] if heading else []
    return element(
        "svg",
        paper,
        *words,
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=box,
        width=WIDTH,
        height=float(height),
        role="img",
        aria_label=heading,
        font_family="sans-serif",
    )


def y_room(scale: Scale, most: int) -> float:
    """Width that the labels of a y axis take."""
    return max((text_width(label) for label in tick_labels(scale.ticks(most), scale.log)), default=0.0) + 8


def axes(x: Scale, y: Scale, x_label: str, y_label: str, most: int = 7) -> list[str]:
    """Grid, ticks and labels; the y axis is named above its top, where its words need not be turned."""
    parts = x_axis(x, y.start, y.end, x_label)
    ticks = y.ticks(most)
    for tick, label in zip(ticks, tick_labels(ticks, y.log), strict=True):
        parts.append(line(x.start, y(tick), x.end, y(tick)))
        parts.append(text(x.start - 7, y(tick) + 4.5, label, "end", soft=True))
    return [*parts, text(0, y.end - 12, y_label, soft=True)]


def x_axis(x: Scale, bottom: float, top: float, label: str) -> list[str]:
    """Vertical lines of the grid from bottom to top, their figures, and the label below them."""
    parts = []
    for tick, words in _x_ticks(x):
        parts.append(line(x(tick), bottom, x(tick), top))
        if x(tick) + text_width(words) / 2 <= WIDTH:
            parts.append(text(x(tick), bottom + 18, words, "middle", soft=True))
    parts.append(line(x.start, bottom, x.end, bottom, stroke=SOFT, class_="axis"))
    return [*parts, text((x.start + x.end) / 2, bottom + 37, label, "middle", soft=True)]


def _x_ticks(x: Scale) -> list[tuple[float, str]]:
    """As many ticks as have room for their labels side by side."""
    for most in range(9, 1, -1):
        ticks = x.ticks(most)
        labels = tick_labels(ticks, x.log)
        halves = [text_width(label) / 2 + 4 for label in labels]
        ends = [(x(tick) - half, x(tick) + half) for tick, half in zip(ticks, halves, strict=True)]
        if all(end <= start for (_, end), (start, _) in pairwise(ends)):
            break
    return list(zip(ticks, labels, strict=True))


def empty(heading: str) -> str:
    """The picture of a report that has nothing to draw."""
    return svg(90, heading, text(WIDTH / 2, 58, "Nothing was measured.", "middle", soft=True))

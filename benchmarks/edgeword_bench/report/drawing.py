"""What all pictures have in common: size, style, axes with round figures, a legend below, and their files.

matplotlib is imported when something is drawn, and never its global state: figures are made one by one.
"""

from __future__ import annotations

import io
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from edgeword_bench.report.extra import check_report_packages

WIDTH_INCHES = 4.2
"""Narrow: a phone, which shows it at nine tenths, leaves the text readable, and three stand side by side elsewhere."""
_PIXELS_PER_INCH = 220
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b0588c", "#8a6d00", "#3a8fc7", "#6b6b6b")
"""After Okabe and Ito, which colour-blind readers can tell apart; the lighter ones darkened for thin lines."""
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_DASHES: tuple[Any, ...] = ("solid", (0, (4, 2)), (0, (1, 1.2)))
# Letters of a name in the legend, alone in its line and beside another.
_LONGEST_NAME, _LONGEST_OF_TWO = 42, 24
INK, SOFT, GRID = "#1b1f24", "#57606a", "#dde2e7"

_STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a name may hold dollar signs
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "edgeword",
}
# What XML cannot hold, even escaped, and what no font draws.
_ILLEGAL = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@contextmanager
def canvas(heading: str, height_inches: float) -> Iterator[Any]:
    """The axes of a new picture, whose figure is `axes.figure`; raises MissingReportError."""
    check_report_packages()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(heading)
        yield axes
        figure.draw_without_rendering()  # in this style


def svg(figure: Any) -> bytes:
    """A picture without a date, so that the same one has the same bytes; its letters are drawn as shapes."""
    return _saved(figure, "svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")), transparent=True)


def png(figure: Any) -> bytes:
    """A picture on white."""
    return _saved(figure, "png", dpi=_PIXELS_PER_INCH)


def _saved(figure: Any, file_format: str, **options: Any) -> bytes:
    from matplotlib import rc_context

    content = io.BytesIO()
    with rc_context(_STYLE):
        figure.savefig(content, format=file_format, **options)
    return content.getvalue()


def shortened(words: str, most: int) -> str:
    """What can be drawn of the words, and an ellipsis where that is not all."""
    drawn = _ILLEGAL.sub("\ufffd", words)
    return drawn if len(drawn) <= most else f"{drawn[: most - 1]}…"


@dataclass(frozen=True)
class Look:
    """How a line and its marks are drawn: told apart by colour and mark, and by dashes and filling."""

    colour: int = 0
    dashes: int = 0

    @property
    def line(self) -> dict[str, Any]:
        """Of a line."""
        return {"color": self._colour, "linestyle": _DASHES[self.dashes % len(_DASHES)], "linewidth": 1.4}

    @property
    def mark(self) -> dict[str, Any]:
        """Of a mark."""
        face = self._colour if self.dashes == 0 else "white"
        shape = MARKERS[self.colour % len(MARKERS)]
        return {"marker": shape, "markersize": 6, "markerfacecolor": face, "markeredgecolor": self._colour}

    @property
    def _colour(self) -> str:
        return COLOURS[self.colour % len(COLOURS)]


def name_axes(axes: Any, x: str, y: str, log: str = "") -> None:
    """Label both axes; those in `log` (`x`, `xy`) are logarithmic, say so, and have round figures."""
    axes.set_xlabel(f"{x} (logarithmic)" if "x" in log else x)
    axes.set_ylabel(f"{y} (logarithmic)" if "y" in log else y)
    # As many figures as have room beside each other, and above each other.
    for name, axis, most in (("x", axes.xaxis, 5), ("y", axes.yaxis, 7)):
        if name in log:
            _round_figures(axis, most)


def _round_figures(axis: Any, most: int) -> None:
    low, high = sorted(axis.get_view_interval())
    ticks = log_ticks(low, high, most)
    axis.set_ticks(ticks, labels=[f"{tick:,.10g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """The densest of the usual rows (1, 10 …; 1, 2, 5, 10 …) that has not too many; evenly spaced where all have."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    rows = [
        [tick for decade in decades for part in parts if low <= (tick := part * 10.0**decade) <= high]
        for parts in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))
    ]
    fitting = [row for row in rows if 3 <= len(row) <= most]
    if fitting:
        return fitting[-1]
    whole = rows[0]
    return whole[:: math.ceil(len(whole) / most)] if len(whole) > most else _even_ticks(low, high)


def _even_ticks(low: float, high: float) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, at most five."""
    power = 10.0 ** math.floor(math.log10((high - low) / 5))
    step = next(power * part for part in (1, 2, 5, 10) if power * part * 5 >= high - low)
    first = math.ceil(low / step)
    return [
        round(number * step, 12) for number in itertools.takewhile(lambda n: n * step <= high, itertools.count(first))
    ]


def legend_below(axes: Any, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Names with their lines and marks under the picture, in two columns where they are short."""
    from matplotlib.lines import Line2D

    names = [shortened(name, _LONGEST_NAME) for name, _ in entries]
    handles = [Line2D([], [], label=name, **style) for name, (_, style) in zip(names, entries, strict=True)]
    columns = 2 if max(map(len, names)) <= _LONGEST_OF_TWO else 1
    axes.figure.legend(handles=handles, loc="outside lower left", ncols=columns, handlelength=3, columnspacing=1.2)

"""The pictures of a benchmark: size against time, how the times are distributed, and the time along a turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword.engines.engine import ENGINES
from edgeword.precisions import PRECISIONS
from edgeword_bench.report.drawing import INK, SOFT, Look, canvas, legend_below, name_axes, shortened
from edgeword_bench.report.figures import figure, percent
from edgeword_bench.report.tables import by_speed
from edgeword_bench.results.result import Report, Result

POSITION_BINS = 24
_SHARES = (1, 25, 50, 75, 99)
_LEGEND_ROW, _DISTRIBUTION_ROW = 0.17, 0.34

Floats = NDArray[np.float64]


class Looks:
    """A colour and a mark for each precision, dashes and filling for each engine: the same in all reports."""

    def __init__(self, results: Sequence[Result]) -> None:
        precisions, engines = {row.precision for row in results}, {row.engine for row in results}
        self._precisions = [*PRECISIONS, *sorted(precisions - PRECISIONS.keys())]
        self._engines = [*ENGINES, *sorted(engines - ENGINES.keys())]
        self.precisions = [name for name in self._precisions if name in precisions]
        self.engines = [name for name in self._engines if name in engines]

    def of(self, row: Result) -> Look:
        """The look of a variant."""
        return Look(self._precisions.index(row.precision), self._engines.index(row.engine))

    def precision(self, name: str) -> Look:
        """The look of a precision on any engine."""
        return Look(self._precisions.index(name))

    def engine(self, name: str) -> dict[str, Any]:
        """How the legend shows an engine: in grey."""
        look = Look(0, self._engines.index(name))
        mark = {**look.mark, "marker": "o", "markeredgecolor": SOFT}
        return {**look.line, **mark, "color": SOFT, "markerfacecolor": "white" if look.dashes else SOFT}


def _measured(report: Report) -> list[Result]:
    return by_speed([row for row in report.results if row.p50_us and row.size_bytes > 0])


def _heading(report: Report, what: str) -> str:
    name = str(report.fact("bundle", "name") or "bundle")
    return f"{shortened(name, 16)}: {what}"


def _height(report: Report) -> float:
    """Inches, the same for all pictures of a report, so that they stand side by side."""
    rows = len(_measured(report))
    entries = len({row.precision for row in _measured(report)}) + len({row.engine for row in _measured(report)})
    return max(3.4 + _LEGEND_ROW * entries, 1.0 + _DISTRIBUTION_ROW * rows)


def size_and_time(report: Report) -> Any:
    """File size against time a word, both logarithmic; the legend says by how much perplexity changed."""
    measured = _measured(report)
    looks = Looks(measured)
    with canvas(_heading(report, "size and time"), _height(report)) as axes:
        if _nothing(axes, measured):
            return axes.figure
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.margins(0.12)
        for row in measured:
            axes.plot([row.size_bytes / 1e6], [row.p50_us], linestyle="none", **looks.of(row).mark)
        name_axes(axes, "size of the file, MB", "µs a word, p50", "xy")
        _legend(axes, looks, lambda name: f"{name} {_changes(measured, name)}".strip())
    return axes.figure


def _nothing(axes: Any, measured: Sequence[object]) -> bool:
    """Say so where nothing can be drawn."""
    if not measured:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "Nothing was measured.", ha="center", transform=axes.transAxes, color=SOFT)
    return not measured


def _changes(measured: Sequence[Result], precision: str) -> str:
    """By how much its perplexity changed, on each engine."""
    changes = [row.perplexity_increase for row in measured if row.precision == precision]
    return " / ".join(dict.fromkeys(percent(change) for change in changes)) if any(changes) else ""


def _legend(axes: Any, looks: Looks, name: Callable[[str], str]) -> None:
    entries = [
        (name(precision), {"linestyle": "none", **looks.precision(precision).mark}) for precision in looks.precisions
    ]
    legend_below(axes, [*entries, *((engine, looks.engine(engine)) for engine in looks.engines)])


def distributions(report: Report) -> Any:
    """A row for each variant, fastest first: 1 to 99 of 100 words, the middle half of them, and the median."""
    measured = _measured(report)
    looks = Looks(measured)
    with canvas(_heading(report, "how the times spread"), _height(report)) as axes:
        if _nothing(axes, measured):
            return axes.figure
        axes.set_xscale("log")
        spreads = [_spread(row) for row in measured]
        axes.set_xlim(min(spread[0] for spread in spreads) / 1.15, max(spread[-1] for spread in spreads) * 1.15)
        axes.set_ylim(len(measured) - 0.45, -0.85)
        for place, (row, spread) in enumerate(zip(measured, spreads, strict=True)):
            _draw_spread(axes, place, spread, looks.of(row).line["color"])
            _name_row(axes, place, f"{shortened(row.name, 34)}  {figure(row.p50_us)}")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        name_axes(axes, f"µs a word: {', '.join(map(str, _SHARES))} of 100", "", "x")
    return axes.figure


def _spread(row: Result) -> list[float]:
    """The 1st, 25th, 50th, 75th and 99th of 100 words, microseconds."""
    words = all_words(row)
    return [float(np.percentile(words, share)) if words.size else row.p50_us or 0.0 for share in _SHARES]


def _draw_spread(axes: Any, place: int, spread: Sequence[float], colour: str) -> None:
    low, first, median, third, high = spread
    axes.hlines(place, low, high, color=colour, linewidth=1.4)
    axes.hlines(place, first, third, color=colour, linewidth=6)
    axes.plot([median], [place], marker="|", markersize=10, markeredgewidth=2, color=INK)


def _name_row(axes: Any, place: int, words: str) -> None:
    where = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
    axes.annotate(words, (0, place), (0, 7), **where, fontsize=8.5)


def all_words(row: Result) -> Floats:
    """The raw times of all words."""
    return np.array([us for process in row.times_us for turn in process for us in turn], np.float64)


def positions(report: Report) -> Any:
    """Median time at a word's place in its turn over the variant's p50: flat where a word's cost does not grow."""
    measured = [row for row in _measured(report) if all_words(row).size]
    looks = Looks(measured)
    with canvas(_heading(report, "along the text"), _height(report)) as axes:
        if _nothing(axes, measured):
            return axes.figure
        axes.axhline(1, color=SOFT, linewidth=0.8)
        for row in measured:
            _draw(axes, _relative(row, looks.of(row)))
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, 0.8), max(high, 1.2))
        name_axes(axes, "word's place in its turn", "median there ÷ p50")
        _legend(axes, looks, str)
    return axes.figure


@dataclass(frozen=True)
class Series:
    """One line of a picture."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    look: Look


def _draw(axes: Any, series: Series) -> None:
    every = max(len(series.x) // 6, 1)
    axes.plot(series.x, series.y, markevery=every, **{**series.look.mark, "markersize": 4}, **series.look.line)


def _relative(row: Result, look: Look) -> Series:
    medians = position_medians(row)
    p50 = row.p50_us or float(np.median(all_words(row)))
    bins = np.array_split(np.arange(medians.size), min(POSITION_BINS, medians.size))
    places = [float(part.mean()) + 1 for part in bins]
    return Series(row.name, places, [float(np.median(medians[part])) / p50 for part in bins], look)


def position_medians(row: Result) -> Floats:
    """The median over all turns at each place, as far as at least half of the turns go: the rest are too few."""
    turns = [turn for process in row.times_us for turn in process if turn]
    far = sorted(map(len, turns))[len(turns) // 2]
    table = np.full((len(turns), far), np.nan)
    for line, turn in zip(table, turns, strict=True):
        line[: len(turn)] = turn[:far]
    return np.asarray(np.nanmedian(table, axis=0), np.float64)


def growth(series: Sequence[Series], heading: str, x: str, y: str) -> Any:
    """Lines on two logarithmic axes, where a power is straight."""
    with canvas(heading, 3.4 + _LEGEND_ROW * len(series)) as axes:
        axes.set_xscale("log")
        axes.set_yscale("log")
        for one in series:
            _draw(axes, one)
        name_axes(axes, x, y, "xy")
        legend_below(axes, [(one.name, {**one.look.line, **one.look.mark}) for one in series])
    return axes.figure

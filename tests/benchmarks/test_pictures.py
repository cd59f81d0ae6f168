"""The pictures of a report: whole, readable, and true to what was measured."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from edgeword_bench.report.drawing import MARKERS, Look, log_ticks, png, shortened, svg
from edgeword_bench.report.pictures import (
    Series,
    distributions,
    growth,
    position_medians,
    positions,
    size_and_time,
)
from tests.benchmarks.shown import HOSTILE, REPORTS, crowded, measured, report

PICTURES = (size_and_time, distributions, positions)
drawn_by_each = pytest.mark.parametrize("draw", PICTURES, ids=lambda draw: draw.__name__)


@drawn_by_each
def test_pictures_are_whole_svgs_and_the_same_each_time(draw, any_report):
    content = svg(draw(any_report))
    root = ET.fromstring(content)  # noqa: S314 (it is our own)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [element for element in root.iter() if element.tag.endswith("script")]
    assert content == svg(draw(any_report))


def texts(figure) -> list:
    """All that is drawn in letters, but for the title."""
    legends = [text for legend in figure.legends for text in legend.get_texts()]
    (axes,) = figure.axes
    ticks = [tick.label1 for axis in (axes.xaxis, axes.yaxis) for tick in axis._update_ticks()]
    labels = [axes.xaxis.label, axes.yaxis.label, *ticks] if axes.axison else []
    return [text for text in (*labels, *axes.texts, *legends) if text.get_text()]


@drawn_by_each
def test_letters_are_large_enough_for_a_phone_and_inside_the_picture(draw, any_report):
    figure = draw(any_report)
    figure.draw_without_rendering()
    frame = figure.bbox
    for text in texts(figure):
        assert text.get_fontsize() * 366 / (figure.get_figwidth() * 72) >= 10  # pixels of a phone 390 wide
        box = text.get_window_extent()
        assert frame.x0 - 1 <= box.x0 <= box.x1 <= frame.x1 + 1, text.get_text()
        assert frame.y0 - 1 <= box.y0 <= box.y1 <= frame.y1 + 1, text.get_text()


@drawn_by_each
def test_logarithmic_axes_say_so_and_others_do_not(draw):
    (axes,) = draw(REPORTS["crowded"]).axes
    for scale, label in ((axes.get_xscale(), axes.get_xlabel()), (axes.get_yscale(), axes.get_ylabel())):
        assert ("logarithmic" in label) == (scale == "log")


@drawn_by_each
def test_titles_name_the_bundle(draw):
    (axes,) = draw(REPORTS["one"]).axes
    assert axes.get_title("left").startswith("wiki: ")


@drawn_by_each
def test_pictures_of_a_report_are_equally_high(draw):
    heights = {picture(REPORTS["crowded"]).get_figheight() for picture in PICTURES}
    assert heights == {draw(REPORTS["crowded"]).get_figheight()}


@drawn_by_each
def test_nothing_measured_is_said(draw):
    (axes,) = draw(REPORTS["nothing measured"]).axes
    assert [text.get_text() for text in axes.texts] == ["Nothing was measured."]


def looks_of(axes) -> list[tuple]:
    return [(line.get_color(), str(line.get_linestyle()), line.get_marker()) for line in axes.lines[1:]]


def test_lines_can_be_told_apart_without_their_colours():
    rows = [measured(engine, name) for engine in ("litert", "onnx") for name in ("float32", "int4", "float16")]
    figure = positions(report(*rows))
    looks = looks_of(figure.axes[0])
    assert len(looks) == 6
    assert len({look[1:] for look in looks}) == 6
    names = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert sorted(names) == ["float16", "float32", "int4", "litert", "onnx"]


def test_every_measured_variant_is_drawn():
    (axes,) = size_and_time(REPORTS["crowded"]).axes
    points = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines}
    assert points == {(row.size_bytes / 1e6, row.p50_us) for row in crowded()}
    (axes,) = distributions(REPORTS["crowded"]).axes
    assert {text.get_text().split("  ")[0] for text in axes.texts} == {row.name for row in crowded()}


def test_the_legend_says_how_perplexity_changed():
    rows = (measured("litert", "int4", change=0.12), measured("onnx", "int4", change=-0.3), measured("onnx", "float32"))
    figure = size_and_time(report(*rows))
    names = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert names == ["float32", "int4 +0.12 % / -0.30 %", "litert", "onnx"]


def test_a_spread_is_that_of_the_words():
    words = tuple(float(us) for us in range(1, 1002))
    (axes,) = distributions(report(measured(times_us=((words,),)))).axes
    ends = [collection.get_segments()[0][:, 0].tolist() for collection in axes.collections]
    assert ends == [[11.0, 991.0], [251.0, 751.0]]
    assert axes.lines[0].get_xdata()[0] == 501.0


def test_positions_are_medians_over_the_turns_that_reach_them():
    turns = (1.0, 2.0, 3.0), (3.0, 4.0), (5.0, 9.0, 7.0, 100.0)
    found = position_medians(measured(times_us=((turns[0], turns[1]), (turns[2],))))
    assert found.tolist() == [3.0, 4.0, 5.0]  # the fourth place is reached by one turn of three


def test_growing_cost_is_seen_and_flat_cost_is_flat():
    flat = measured(precision="flat", p50=100.0, times_us=(((100.0,) * 60, (100.0,) * 45),))
    grows = measured(precision="grows", p50=109.0, times_us=((tuple(50.0 + 2 * i for i in range(60)),),))
    (axes,) = positions(report(flat, grows)).axes
    level, steady, rising = (line.get_ydata() for line in axes.lines)
    assert set(level) == set(steady) == {1}
    assert all(earlier < later for earlier, later in pairwise(rising))
    low, high = axes.get_ylim()
    assert low <= 0.8
    assert high >= 1.2


def test_a_power_is_straight():
    square = Series("squares", [1, 10, 100], [1, 100, 10_000], Look(1, 1))
    (axes,) = growth([square], "growth", "size", "time").axes
    points = axes.transData.transform(np.stack([axes.lines[0].get_xdata(), axes.lines[0].get_ydata()], 1))
    first, second = np.diff(points, axis=0)
    assert first == pytest.approx(second)


@pytest.mark.parametrize("high", [1e3, 3e4, 1e5, 1e6])
def test_figures_of_an_axis_do_not_run_into_each_other(high):
    figure = growth([Series("a", [high / 100, high], [high / 100, high], Look())], "growth", "size", "time")
    figure.draw_without_rendering()
    ticks = [tick.label1.get_window_extent() for tick in figure.axes[0].xaxis._update_ticks()]
    assert len(ticks) >= 3
    assert all(left.x1 < right.x0 for left, right in pairwise(sorted(ticks, key=lambda box: box.x0)))


def test_pictures_for_the_documents():
    assert png(growth([Series("a", [1, 2], [3, 4], Look())], "growth", "size", "time")).startswith(b"\x89PNG")


def test_no_two_marks_are_alike():
    assert len(set(MARKERS)) == len(MARKERS) == 7


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.9, 2e6, [1, 10, 100, 1e3, 1e4, 1e5, 1e6]),
        (40, 1700, [50, 100, 200, 500, 1000]),
        (52, 58, [52, 54, 56, 58]),
        (0.31, 0.69, [0.4, 0.5, 0.6]),
    ],
)
def test_ticks_of_a_logarithmic_axis_are_round_and_few(low, high, ticks):
    assert log_ticks(low, high, 7) == pytest.approx(ticks)


def test_ticks_are_few_however_wide_the_axis():
    assert 3 <= len(log_ticks(1e-3, 1e12, 7)) <= 8


def test_names_are_shortened_and_hold_nothing_that_cannot_be_drawn():
    assert shortened("int4", 10) == "int4"
    assert shortened("x" * 100, 10) == "x" * 9 + "…"
    assert not re.search("[\x00-\x1f]", shortened(HOSTILE, 100))

"""The pictures of a report: whole, readable, and true to what was measured."""

import random
import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import numpy as np
import pytest

from edgeword_bench.axes import Box, Scale, linear_ticks, log_ticks, shortened, span, text_width, tick_labels
from edgeword_bench.charts import density, distributions, place_labels, position_medians, positions, scatter
from edgeword_bench.lines import Series, lines, spread
from tests.benchmarks.shown import REPORTS, crowded, measured, report

SVG = "{http://www.w3.org/2000/svg}"
CHARTS = (scatter, distributions, positions)


def parsed_svg(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 (it is our own)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.__name__)
def test_pictures_are_whole_svgs(chart, any_report):
    root = parsed_svg(chart(any_report))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label")
    width, height = map(float, root.get("viewBox").split()[2:])
    assert (width, height) == (float(root.get("width")), float(root.get("height")))
    for element in root.iter():
        for name in ("x", "x1", "x2", "cx"):
            assert -1 <= float(element.get(name, 0)) <= width + 1, ET.tostring(element)
        for name in ("y", "y1", "y2", "cy"):
            assert -1 <= float(element.get(name, 0)) <= height + 1, ET.tostring(element)
        assert "nan" not in " ".join(element.attrib.values()).lower()


def test_pictures_draw_every_measured_variant():
    drawn = REPORTS["crowded"]
    for chart in CHARTS:
        titles = " ".join(title.text for title in parsed_svg(chart(drawn)).iter(f"{SVG}title"))
        assert all(result.name in titles for result in drawn.results if result.p50_us)
        assert "float16" not in titles
    assert "Nothing was measured" in scatter(REPORTS["nothing measured"])


def test_scatter_labels_are_inside_and_overlap_nothing():
    root = parsed_svg(scatter(REPORTS["crowded"]))
    labels = [text for text in root.iter(f"{SVG}text") if re.search(r"[+-]\d+\.\d\d %$", text.text)]
    assert len(labels) == len(crowded())
    boxes = []
    for label in labels:
        # A tenth narrower than estimated: the estimate is for the widest of fonts.
        x, y, width = float(label.get("x")), float(label.get("y")), text_width(label.text, 12) * 0.9
        left = x - {"start": 0, "middle": 0.5, "end": 1}[label.get("text-anchor")] * width
        boxes.append(Box(left, y - 9, left + width, y + 2))
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(box.within(Box(30, 76, 560, 384)) for box in boxes)


def test_labels_are_placed_clear_of_marks_in_a_crowd():
    rng = random.Random(7)  # noqa: S311
    points = [(rng.uniform(200, 300), rng.uniform(150, 250)) for _ in range(14)]
    frame = Box(40, 40, 550, 400)
    boxes = place_labels(points, ["dynamic-int8 +0.03 %"] * len(points), frame)
    assert None not in boxes
    assert all(box.within(frame) for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert not any(box.distance(point) < 6 for box in boxes for point in points)


def test_a_label_without_room_is_left_out():
    assert place_labels([(50, 50)], ["far too long for the frame"], Box(0, 0, 100, 100)) == [None]


def test_one_outlier_does_not_flatten_the_rows():
    steady = [100.0 + i % 7 for i in range(2000)]
    calm = distributions(report(measured(times_us=((tuple(steady),),))))
    wild = distributions(report(measured(times_us=(((*steady, 1e6),),))))
    spots = [re.findall(r'<line x1="([\d.]+)"[^>]*class="tick"', picture) for picture in (calm, wild)]
    assert spots[0] == spots[1] != []


def test_density_peaks_where_most_words_are():
    x = Scale(10, 1000, 0, 500, log=True)
    at, height = density(np.array([100.0] * 90 + [300.0] * 10), x)
    assert height.max() == 1
    assert abs(at[height.argmax()] - x(100)) < 1
    assert len(at) < 500


def test_positions_are_medians_over_the_rounds_that_reach_them():
    rounds = (1.0, 2.0, 3.0), (3.0, 4.0), (5.0, 9.0, 7.0, 100.0)
    found = position_medians(measured(times_us=((rounds[0], rounds[1]), (rounds[2],))))
    assert found.tolist() == [3.0, 4.0, 5.0]  # the fourth place is reached by one round of three


def test_growing_cost_is_seen_and_flat_cost_is_flat():
    flat = measured(precision="flat", times_us=(((100.0,) * 60, (100.0,) * 45),))
    grows = measured(precision="grows", times_us=((tuple(50.0 + 2 * i for i in range(60)),),), p50_us=109.0)
    root = parsed_svg(positions(report(flat, grows)))
    heights = {
        group.find(f"{SVG}title").text: [float(point.split(",")[1]) for point in line.get("points").split()]
        for group in root.iter(f"{SVG}g")
        if (line := group.find(f"{SVG}polyline")) is not None
    }
    assert len(set(heights["litert flat"])) == 1
    assert all(later < earlier for earlier, later in pairwise(heights["litert grows"]))


def test_lines_on_log_axes_make_a_power_law_straight():
    squares = Series("squares", [1, 10, 100], [1, 100, 10_000])
    root = parsed_svg(lines([squares, Series("none", [], [])], "x", "y", x_log=True, y_log=True, title="t"))
    drawn = next(line for line in root.iter(f"{SVG}polyline"))
    points = [tuple(map(float, point.split(","))) for point in drawn.get("points").split()]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points)]
    assert steps[0] == pytest.approx(steps[1], abs=0.2)
    assert "none" not in [text.text for text in root.iter(f"{SVG}text")]


def test_spread_keeps_order_distance_and_bounds():
    assert spread([10, 50, 90], 15, 0, 100) == [10, 50, 90]
    assert spread([50, 50, 50], 10, 0, 100) == [40, 50, 60]
    crowd = spread([99, 3, 98, 97], 10, 0, 100)
    assert crowd == [100, 3, 90, 80]
    assert spread([], 10, 0, 100) == []


def test_ticks_are_round_and_few():
    assert linear_ticks(0.8, 1.2, 7) == [0.8, 0.9, 1.0, 1.1, 1.2]
    assert tick_labels([0.8, 0.9, 1.0], log=False) == ["0.8", "0.9", "1.0"]
    assert log_ticks(0.9, 2e6, 7) == [1, 10, 100, 1e3, 1e4, 1e5, 1e6]
    assert log_ticks(40, 1700, 7) == [50, 100, 200, 500, 1000]
    assert log_ticks(52, 58, 7)[0] >= 52
    assert len(log_ticks(1e-3, 1e12, 7)) <= 8


def test_a_single_value_still_spans_a_range():
    for log in (False, True):
        low, high = span([5.0, 5.0], log)
        assert low < 5 < high
    low, high = span([0.0])
    assert low < 0 < high


def test_long_names_are_shortened_to_their_room():
    assert shortened("int4", 100) == "int4"
    assert shortened("x" * 100, 100).endswith("…")
    assert text_width(shortened("x" * 100, 100)) <= 100

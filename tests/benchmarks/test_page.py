"""The report's page and pictures: well-formed, harmless, readable, and honest about what was not measured."""

import base64
import hashlib
import json
import random
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations, pairwise

import numpy as np
import pytest

from edgeword_bench.axes import Box, Scale, linear_ticks, log_ticks, shortened, span, text_width, tick_labels
from edgeword_bench.charts import density, distributions, place_labels, position_medians, positions, scatter
from edgeword_bench.lines import Series, lines, spread
from edgeword_bench.page import COLUMNS, figure, finding, page
from edgeword_bench.results import Report, Result

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</script><script>alert(1)</script><b onload='x'>\"&amp;\x1b[31m"
VOID = {"meta", "link", "br", "img", "input", "hr"}
ENVIRONMENT = {
    "created": "2026-01-02T03:04:05Z",
    "bundle": {"name": "wiki", "vocabulary": 10000},
    "machine": {
        "cpu": "a processor",
        "caches": {"L1d": "32K"},
        "governor": None,
        "features": ["avx2"],
        "virtual": True,
    },
    "bandwidth": [{"bytes": 3150000, "gb_per_s": 92.1}],
}


def measured(engine="litert", precision="float32", p50=100.0, size=4_000_000, change=0.0, **other) -> Result:
    rng = random.Random(precision)  # noqa: S311
    times = tuple(tuple(tuple(p50 * rng.uniform(0.95, 1.1) for _ in range(40)) for _ in range(2)) for _ in range(3))
    figures = {
        "p50_us": p50,
        "p50_interval_us": (p50 * 0.99, p50 * 1.01),
        "p90_us": p50 * 1.1,
        "p99_us": p50 * 2,
        "words_per_s": 9_500.0,
        "runs": 240,
        "last_over_first": 1.0,
        "times_us": times,
    }
    return replace(unmeasured(engine, precision, size, change, reason=None), **(figures | other))


def unmeasured(engine="onnx", precision="float16", size=8_490_000, change=0.0, reason="refused here") -> Result:
    return Result(
        engine=engine,
        engine_version=None,
        file=f"model.{precision}",
        format="tflite",
        precision=precision,
        decode="step",
        threads=1,
        size_bytes=size,
        perplexity=435.8,
        perplexity_increase=change,
        top1_agreement=0.996,
        reason=reason,
    )


def crowded() -> tuple[Result, ...]:
    """Variants so alike that their marks lie on each other, and some at the edges."""
    alike = [measured(engine, f"dynamic-int8-{i}", 50 + i, 4_000_000 + 9_000 * i, 0.03 * i)
             for i in range(4) for engine in ("litert", "onnx")]  # fmt: skip
    return (*alike, measured("litert", "float32", 236, 17_000_000), measured("onnx", "int4", 1400, 900_000, -0.7))


def report(*results: Result, **other) -> Report:
    return Report(ENVIRONMENT, results, **other)


REPORTS = {
    "crowded": report(*crowded(), unmeasured()),
    "one": report(measured()),
    "one word": report(measured(times_us=(((100.0,),),), p90_us=None, p99_us=None)),
    "no raw times": report(measured(times_us=())),
    "empty sittings": report(measured(times_us=((), ((),)))),
    "nothing measured": report(unmeasured(), unmeasured("litert")),
    "no results": Report({}, ()),
    "window": report(replace(measured(), decode="window", engine_runs_per_word=12.5, settled=False)),
    "another engine": report(measured("keras", HOSTILE)),
    "hostile": Report(
        {"bundle": {"name": HOSTILE}, "machine": {"cpu": HOSTILE, HOSTILE: [[HOSTILE], {HOSTILE: None}]}},
        (measured("litert", HOSTILE), unmeasured(reason=HOSTILE * 40)),
        (HOSTILE,),
        interrupted=True,
    ),
}
CHARTS = (scatter, distributions, positions)


def parsed_svg(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 (it is our own)


class Balanced(HTMLParser):
    """Checks that every tag is closed in its turn, and collects attributes, texts and elements."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def script(self, **wanted: str) -> str:
        """The text of the one script element with these attributes."""
        found = [attributes for tag, attributes in self.tags if tag == "script"]
        texts = [data for tag, data in self.texts if tag == "script"]
        return next(text for given, text in zip(found, texts, strict=True) if wanted.items() <= given.items())


@pytest.fixture(params=REPORTS, ids=lambda name: name.replace(" ", "-"))
def any_report(request) -> Report:
    return REPORTS[request.param]


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


def test_the_page_is_balanced_and_says_its_language(any_report):
    html = page(any_report)
    parsed = Balanced(html)
    assert html.startswith("<!DOCTYPE html>")
    assert ("html", {"lang": "en"}) in parsed.tags
    assert "viewport" in [attributes.get("name") for tag, attributes in parsed.tags if tag == "meta"]
    assert sum(tag == "h1" for tag, _ in parsed.tags) == 1
    assert sum(tag == "svg" for tag, _ in parsed.tags) == 3
    assert all("scope" in attributes for tag, attributes in parsed.tags if tag == "th")
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "$" not in re.sub(r"(?s)<script.*", "", html)


def test_the_embedded_json_is_the_result_file(any_report):
    embedded = Balanced(page(any_report)).script(id="report", type="application/json")
    assert json.loads(embedded) == json.loads(any_report.to_json())
    assert "<" not in embedded


def test_half_a_surrogate_pair_can_be_written():
    html = page(Report({"bundle": {"name": "a\udc80b"}}, ()))
    embedded = Balanced(html).script(id="report")
    assert json.loads(embedded)["environment"]["bundle"]["name"] == "a\udc80b"
    html.encode("utf-8")


def test_hostile_strings_stay_text():
    harmless = {tag for tag, _ in Balanced(page(REPORTS["crowded"])).tags}
    parsed = Balanced(page(REPORTS["hostile"]))
    assert {tag for tag, _ in parsed.tags} <= harmless | {"b"}
    assert sum(tag == "script" for tag, _ in parsed.tags) == 2
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)
    shown = HOSTILE.replace("\x1b", "\ufffd")
    assert any(shown in text for tag, text in parsed.texts if tag == "h1")
    assert any(shown in text for tag, text in parsed.texts if tag == "span")


def test_nothing_is_loaded(any_report):
    html = page(any_report)
    parsed = Balanced(html)
    for tag, attributes in parsed.tags:
        assert not attributes.keys() & {"src", "srcset", "xlink:href", "action", "background", "poster"}, tag
        assert attributes.get("href", "data:,").startswith("data:")
    assert "url(" not in html
    assert "@import" not in html
    policy = next(a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_the_policy_lets_the_pages_own_script_run():
    html = page(REPORTS["one"])
    script = re.findall(r"(?s)<script>(.*?)</script>", html)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html


def cells(html: str, precision: str) -> list[str]:
    """The cells of a variant's row, in the order of COLUMNS, without their tags."""
    row = re.search(rf"<b>{precision}</b></th>(.*?)</tr>", html).group(1)
    return [re.sub("<.*?>", " ", cell).strip() for cell in re.findall("<td>(.*?)</td>", row)]


def test_what_was_not_measured_is_a_dash_with_its_reason():
    html = page(report(measured(), unmeasured()))
    found = dict(zip((column.name for column in COLUMNS), cells(html, "float16"), strict=True))
    assert found.pop("size") == "8.49"
    assert found.pop("perplexity") == "435.80 +0.00 %"
    assert found.pop("top-1") == "99.6 %"
    assert set(found.values()) == {"–"}
    assert "refused here" in html


def test_single_missing_figures_are_dashes_too():
    found = dict(zip((c.name for c in COLUMNS), cells(page(report(measured(p99_us=None))), "float32"), strict=True))
    assert found["p50"] == "100 99.0–101"
    assert found["p99"] == "–"
    assert found["peak memory"] == "–"


def test_measured_variants_come_first_fastest_at_the_top():
    html = page(report(unmeasured(), measured("onnx", "int4", 50.0), measured("litert", "float32", 20.0)))
    assert re.findall(r"<b>(.*?)</b></th>", html) == ["float32", "int4", "float16"]


def test_environment_is_shown_whatever_it_holds():
    html = page(report(measured()))
    rows = dict(re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td>', html))
    assert rows["vocabulary"] == "10,000"
    assert rows["governor"] == "–"
    assert rows["virtual"] == "yes"
    assert rows["L1d"] == "32K"
    assert rows["bandwidth"] == "bytes 3,150,000 · gb per s 92.1"


def test_warnings_and_an_interruption_come_before_the_finding():
    html = page(report(measured(), warnings=("the machine was busy",), interrupted=True))
    assert html.index("interrupted: ") < html.index("the machine was busy") < html.index("is the fastest")
    assert 'class="loud"' not in page(report(measured()))


def test_finding_names_the_fastest_and_how_much_faster_it_is():
    said = finding(
        report(measured(p50=240.0), measured("onnx", "int4", 60.0, 3_040_000, 0.286), measured("onnx", p50=300.0))
    )
    assert said.replace("\u00a0", " ") == (
        "onnx int4 is the fastest: 60.0 µs a word (p50), 9,500 words/s, 3.04 MB, perplexity +0.29 %; "
        "5.0 times as fast as onnx float32."
    )
    assert "times as fast" not in finding(report(measured()))
    assert finding(report(unmeasured())) == "Nothing was measured."


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.00412, "0.00412"),
        (0.54, "0.540"),
        (5.651, "5.65"),
        (52.02, "52.0"),
        (1441.3, "1,441"),
    ],
)
def test_figures_keep_about_three_digits(value, shown):
    assert figure(value) == shown


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

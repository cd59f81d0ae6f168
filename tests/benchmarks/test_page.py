"""The report's page: well-formed, harmless, readable, and honest about what was not measured."""

import base64
import hashlib
import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from edgeword_bench.report.columns import FIGURES
from edgeword_bench.report.figures import figure
from edgeword_bench.report.page import finding, page
from edgeword_bench.results.result import Report
from tests.benchmarks.shown import HOSTILE, REPORTS, measured, report, unmeasured

VOID = {"meta", "link", "br", "img", "input", "hr"}


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


def test_the_page_is_balanced_and_says_its_language(any_report):
    html = page(any_report)
    parsed = Balanced(html)
    assert html.startswith("<!DOCTYPE html>")
    assert ("html", {"lang": "en"}) in parsed.tags
    assert "viewport" in [attributes.get("name") for tag, attributes in parsed.tags if tag == "meta"]
    assert sum(tag == "h1" for tag, _ in parsed.tags) == 1
    pictures = [attributes for tag, attributes in parsed.tags if tag == "img"]
    assert len(pictures) == 3
    assert all(picture["alt"] for picture in pictures)
    assert all("scope" in attributes for tag, attributes in parsed.tags if tag == "th")
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


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
        assert not attributes.keys() & {"srcset", "xlink:href", "action", "background", "poster"}, tag
        assert attributes.get("src", "data:image/svg+xml;").startswith("data:image/svg+xml;")
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
    assert f"script-src 'sha256-{digest}'" in unescape(html)


def cells(html: str, precision: str) -> list[str]:
    """The cells of a variant's row, in the order of FIGURES, without their tags."""
    row = re.search(rf"<b>{precision}</b></th>(.*?)</tr>", html).group(1)
    return [re.sub("<.*?>", " ", cell).strip() for cell in re.findall("<td>(.*?)</td>", row)]


def test_what_was_not_measured_is_a_dash_with_its_reason():
    html = page(report(measured(), unmeasured()))
    found = dict(zip((column.name for column in FIGURES), cells(html, "float16"), strict=True))
    assert found.pop("size") == "8.49"
    assert found.pop("perplexity") == "435.80 +0.00 %"
    assert found.pop("top-1") == "99.6 %"
    assert set(found.values()) == {"–"}
    assert "refused here" in html


def test_single_missing_figures_are_dashes_too():
    found = dict(zip((c.name for c in FIGURES), cells(page(report(measured(p99_us=None))), "float32"), strict=True))
    assert found["p50"] == "100 99.0–101"
    assert found["p99"] == "–"
    assert found["peak memory"] == "–"


def test_measured_variants_come_first_fastest_at_the_top():
    html = page(report(unmeasured(), measured("onnx", "int4", 50.0), measured("litert", "float32", 20.0)))
    assert re.findall(r"<b>(.*?)</b></th>", html) == ["float32", "int4", "float16"]


def facts(found: Report) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", page(found)))


def test_the_machine_is_said_in_words_with_units():
    shown = facts(report(measured()))
    assert shown["vocabulary"] == "10,000 ids"
    assert shown["frequency governor"] == "–"
    assert shown["virtual machine"] == "yes"
    assert shown["caches"] == "L1d 32 KiB, L3 480 MiB"
    assert shown["instructions"] == "avx2"
    assert shown["reading speed of NumPy"] == "3.15 MB: 92.1 GB/s"


def test_the_state_and_the_settings_are_said_in_words_with_units():
    state = {"load_before": [0.5, 0.25, 0.125], "temperature_c_after": 61.5, "others_share": 0.031, "throttled": 0}
    settings = {"turn_s": 0.035, "timer_ns": 41.5, "garbage_collector": False}
    shown = facts(Report({"state": {**state, "reference_us": [99.0, 104.0]}, "settings": settings}, ()))
    assert shown["load before"] == "0.50, 0.25, 0.12 processes (mean of 1, 5, 15 minutes)"
    assert shown["temperature after"] == "61.5 °C"
    assert shown["other processes took"] == "3.1% of the processors&#39; time"
    assert shown["slowed down against heat"] == "0 times"
    assert shown["a fixed computation took"] == "99.0 to 104 µs in 2 processes"
    assert shown["a turn lasts"] == "35.0 ms, where that is not too many words"
    assert shown["garbage collection"] == "off while words are timed"


@pytest.mark.parametrize("value", ["text", 3, [1, 2], {"a": 1}, [None], True, 1.5])
def test_facts_of_another_kind_are_shown_as_they_stand(value):
    names = ("machine", "state", "settings", "versions", "bundle", "bandwidth_gb_per_s", "created", "seconds")
    keys = ("cores", "caches", "load_before", "reference_us", "turn_s", "others_share", "vocabulary", "virtual")
    page(Report(dict.fromkeys(names, value), ()))
    page(Report(dict.fromkeys(names, dict.fromkeys(keys, value)), ()))


def test_the_title_names_the_bundle_and_tells_it_from_others():
    environment = {"bundle": {"name": "wiki", "vocabulary": 10000, "digest": "0123456789abcdef" * 4}}
    html = page(Report(environment, (measured(),)))
    named = "latency of the bundle (vocabulary 10,000 · decode mode step · SHA-256 0123456789ab…)"
    assert f"<title>wiki: {named}</title>" in html


def test_no_letter_is_smaller_than_12_px_and_a_wide_table_says_so():
    html = page(report(measured()))
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: ([\d.]+)px", html)]
    sizes += [16 * float(size) for size in re.findall(r"font-size: ([\d.]+)rem", html)]
    assert min(sizes) >= 12
    assert '<p class="hint">14 columns: scroll the table sideways' in html


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

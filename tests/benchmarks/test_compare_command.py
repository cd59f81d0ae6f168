"""`edgeword benchmark --compare`: two results beside each other, and files that are none."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeword_bench import Report
from tests.benchmarks.reports import report, result


def result_file(path: Path, factor: float, **changed: object) -> Path:
    random = np.random.default_rng(0)
    rows = [
        result(name, [[factor * us * (1 + 0.02 * random.uniform(size=9)) for _ in range(3)] for _ in range(11)])
        for name, us in {"float32": 100.0, "int4": 50.0}.items()
    ]
    data = json.loads(report(*rows).to_json())
    path.write_text(json.dumps({**data, **changed}))
    return path


def test_a_page_of_a_result_that_was_measured_elsewhere(run, tmp_path):
    path = result_file(tmp_path / "a.json", 1.0)
    code, out, _ = run("--from", path, "--html", tmp_path / "a.html")
    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["onnx", "int4"], ["onnx", "float32"]]
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<h1>tiny" in page
    assert "data:image/svg+xml" in page


@pytest.mark.parametrize(
    ("factor", "limit", "code"), [(1.0, "5%", 0), (1.2, "5%", 1), (1.2, "5", 1), (1.2, "30%", 0), (0.8, "0", 0)]
)
def test_slower_than_allowed_exits_1(run, tmp_path, factor, limit, code):
    files = result_file(tmp_path / "a", 1.0), result_file(tmp_path / "b", factor)
    found, out, err = run("--compare", *files, "--fail-if-slower", limit)
    assert found == code
    assert f"{factor:.3f}" in out
    assert ("slower by more than" in err) == bool(code)


def test_a_comparison_is_written_as_json_too(run, tmp_path):
    files = result_file(tmp_path / "a", 1.0), result_file(tmp_path / "b", 1.2)
    code, _, _ = run("--compare", *files, "--json", tmp_path / "c.json", "--fail-if-slower", "5%")
    assert code == 1
    data = json.loads((tmp_path / "c.json").read_text())
    assert [row["verdict"] for row in data["changes"]] == ["slower"] * 2
    assert [row["ratio"] for row in data["changes"]] == pytest.approx([1.2] * 2)
    assert run("--compare", *files, "--json", files[0])[0] == 2
    assert Report.from_json(files[0].read_text()).results


def test_a_variant_that_is_gone_does_not_pass(run, tmp_path):
    a, b = result_file(tmp_path / "a", 1.0), result_file(tmp_path / "b", 1.0)
    data = json.loads(b.read_text())
    b.write_text(json.dumps({**data, "results": data["results"][:1]}))
    assert run("--compare", a, b)[0] == 0
    code, _, err = run("--compare", a, b, "--fail-if-slower", "5%")
    assert code == 1
    assert "not to be told whether it is slower: onnx int4 (step): only in A" in err
    assert run("--compare", b, a, "--fail-if-slower", "5%")[0] == 0


def test_without_a_limit_a_slowdown_is_only_shown(run, tmp_path):
    code, out, _ = run("--compare", result_file(tmp_path / "a", 1.0), result_file(tmp_path / "b", 1.2))
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()[1:3]] == ["slower", "slower"]


BAD_RESULTS = {
    "newer": ({"format_version": 99}, "has format version 99 and this edgeword reads 1; pip install --upgrade"),
    "older": ({"format_version": 0}, "has format version 0 and this edgeword reads 1; measure again"),
    "no version": ({"format_version": None}, "it is no result of `edgeword benchmark --json`"),
    "no rows": ({"results": 3}, "its content is damaged"),
    "a strange row": ({"results": [{"engine": "onnx"}]}, "its content is damaged"),
    "a version that is true": ({"format_version": True}, "it is no result"),
    "an environment that is a list": ({"environment": []}, "its content is damaged"),
    "warnings that are a text": ({"warnings": "hello"}, "its content is damaged"),
    "warnings with control characters": ({"warnings": ["\x1b[2J"]}, "its content is damaged"),
    "interrupted, maybe": ({"interrupted": "maybe"}, "its content is damaged"),
    "nothing measured": ({"results": []}, "B measured no variant; measure again"),
}


@pytest.mark.parametrize(("changed", "message"), BAD_RESULTS.values(), ids=BAD_RESULTS)
def test_files_that_cannot_be_compared(run, tmp_path, changed, message):
    files = result_file(tmp_path / "a", 1.0), result_file(tmp_path / "b", 1.0, **changed)
    code, out, err = run("--compare", *files)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("engine", ["onnx"]),
        ("engine", "o\nnx"),
        ("threads", None),
        ("threads", True),
        ("perplexity", "x"),
        ("p50_us", [1]),
        ("p50_interval_us", [1, 2, 3]),
        ("times_us", [[1.0]]),
        ("surprise", 1),
    ],
)
def test_rows_with_values_of_another_kind(run, tmp_path, key, value):
    path = result_file(tmp_path / "b", 1.0)
    data = json.loads(path.read_text())
    data["results"][0][key] = value
    path.write_text(json.dumps(data))
    code, out, err = run("--compare", result_file(tmp_path / "a", 1.0), path)
    assert (code, out) == (2, "")
    assert "its content is damaged (the file.results[0]" in err


@pytest.mark.parametrize("times", ["NaN", "1e308", "-1", "true", '"1"', "Infinity", "[]"])
def test_times_that_are_none(run, tmp_path, times):
    path = result_file(tmp_path / "b", 1.0)
    text = path.read_text()
    start = text.index('"times_us": [[[') + len('"times_us": [[[')
    path.write_text(text[:start] + times + text[text.index(",", start) :])
    code, _, err = run("--compare", result_file(tmp_path / "a", 1.0), path)
    assert code == 2
    assert "its content is damaged" in err


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"3"])
def test_what_is_no_result_at_all(run, tmp_path, content):
    (tmp_path / "b").write_bytes(content)
    code, _, err = run("--compare", result_file(tmp_path / "a", 1.0), tmp_path / "b")
    assert code == 2
    assert str(tmp_path / "b") in err
    assert len(err.splitlines()) == 1


def test_neither_figures_nor_comparisons_import_what_draws(step_bundle, tmp_path):
    code = (
        "import sys\n"
        "from edgeword.cli.main import main\n"
        "sys.modules.update(matplotlib=None, jinja2=None)\n"
        "main(['benchmark', '--from', sys.argv[1]])\n"
        "main(['benchmark', '--compare', sys.argv[1], sys.argv[1]])"
    )
    path = result_file(tmp_path / "a", 1.0)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "onnx" in done.stdout

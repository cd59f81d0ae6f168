"""`edgeword export` as it is typed."""

from __future__ import annotations

import pytest

from edgeword.bundle.bundle import Bundle
from edgeword.cli.main import main
from edgeword_export import commands, exporting
from tests import tiny


@pytest.fixture
def files(tmp_path):
    tiny.lstm(length=None).save(tmp_path / "model.keras")
    (tmp_path / "words.json").write_text(tiny.TOKENIZER.to_json(), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(files, capsys):
    def export(*options):
        base = ["export", str(files / "model.keras"), "--tokenizer", str(files / "words.json")]
        code = main([*base, "--out", str(files / "bundle"), "--formats", "onnx", *options])
        return code, capsys.readouterr()

    return export


def test_results_go_to_standard_output_and_progress_to_standard_error(run, files):
    code, printed = run("--precisions", "float32", "--name", "small")
    assert code == 0
    assert printed.out.startswith("guessed: texts of any length")
    assert printed.out.splitlines()[1].startswith("decode mode step: ")
    assert "onnx    float32" in printed.out
    assert "next:" not in printed.out + printed.err
    assert all(line.startswith("edgeword: ") for line in printed.err.splitlines())
    assert Bundle(files / "bundle").manifest.name == "small"


@pytest.mark.parametrize(("precisions", "expected"), [("float32,dynamic-int8", 1), ("all", 0), (None, 0)])
def test_a_variant_outside_its_gate_fails_the_command_where_it_was_asked_for(
    run, files, monkeypatch, precisions, expected
):
    def gate(precision, fidelity, limit):
        return None if precision == "float32" else "it is not good enough"

    monkeypatch.setattr(exporting, "gate_failure", gate)
    code, printed = run(*(["--precisions", precisions] if precisions else []))
    assert code == expected
    assert "left out model.dynamic-int8.onnx: it is not good enough; float32 holds" in printed.out
    lines = (printed.out + printed.err).splitlines()
    assert len(lines) == len(set(lines))
    assert sum("model.dynamic-int8.onnx" in line for line in lines if "measuring" not in line) == 1
    assert [variant.precision for variant in Bundle(files / "bundle").manifest.variants] == ["float32"]


@pytest.mark.parametrize(
    ("options", "fragment"),
    [
        (["--precisions", "int16x8"], "int16x8 is for tflite only"),
        (["--precisions", "int5"], "'int5' is not one of"),
        (["--precisions", ""], "is not one of"),
        (["--formats", "tflite,mlx"], "'mlx' is not one of"),
        (["--window", "0"], "--window"),
        (["--window", "99999999"], "from 1 to 4096"),
        (["--max-perplexity-increase", "-1"], "percentage"),
        (["--eval", "nowhere.txt"], "nowhere.txt"),
        (["--custom-objects", ".relative:Cell"], "module:Name"),
        (["--custom-objects", "broken_module:Cell"], "module:Name"),
    ],
)
def test_bad_usage_is_one_line_and_writes_nothing(run, files, monkeypatch, options, fragment):
    (files / "broken_module.py").write_text("raise SystemExit(5)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(files))
    code, printed = run(*options)
    assert (code, printed.out) == (2, "")
    assert fragment in printed.err.splitlines()[-1]
    assert "Traceback" not in printed.err
    assert not (files / "bundle").exists()


REFUSED_AT_ONCE = {
    "no model": (["nowhere.keras", "--tokenizer", "words.json"], "there is no file nowhere.keras"),
    "no tokenizer": (["model.keras", "--tokenizer", "nowhere.json"], "cannot read the tokenizer nowhere.json"),
    "no answers": (["model.keras", "--says", "nowhere.jsonl"], "cannot read --says nowhere.jsonl"),
    "no text": (["model.keras", "--eval", "nowhere.txt"], "nowhere.txt"),
    "output exists": (["model.keras", "--out", "words.json"], "words.json exists"),
    "unknown precision": (["model.keras", "--precisions", "int5"], "'int5' is not one of"),
}


@pytest.mark.parametrize(("given", "fragment"), REFUSED_AT_ONCE.values(), ids=REFUSED_AT_ONCE)
def test_what_can_be_refused_at_once_waits_for_no_tensorflow(tmp_path, monkeypatch, capsys, given, fragment):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.keras").write_bytes(b"PK\3\4")
    (tmp_path / "words.json").write_text(tiny.TOKENIZER.to_json(), encoding="utf-8")
    monkeypatch.setattr(commands, "load_tensorflow", lambda _extra: pytest.fail("tensorflow was imported"))
    assert main(["export", *given, *([] if "--out" in given else ["--out", "bundle"])]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert fragment in printed.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.keras", "words.json"]


def test_a_demo_that_would_replace_something_waits_for_no_tensorflow(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(commands, "load_tensorflow", lambda _extra: pytest.fail("tensorflow was imported"))
    assert main(["demo", "--out", str(tmp_path), "--force"]) == 2
    assert "is no demo's" in capsys.readouterr().err


def test_an_output_that_exists_is_left_alone(run, files):
    (files / "bundle").mkdir()
    code, printed = run()
    assert code == 2
    assert "exists" in printed.err
    assert not list((files / "bundle").iterdir())

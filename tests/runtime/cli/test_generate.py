"""`edgeword generate`: the words, as text, as JSON and as they are found."""

import json
import sys
import warnings

import pytest

import edgeword.cli.main
import edgeword.cli.options
from edgeword import load
from edgeword.cli.main import main
from tests.runtime.cli.lines import one_line
from tests.runtime.damaged import damage

GENERATION_KEYS = [
    "prompt",
    "text",
    "words",
    "ids",
    "logprobs",
    "finish_reason",
    "oov_rate",
    "engine",
    "precision",
    "decode",
    "timings",
]


def test_a_prompt_that_is_not_utf8_is_one_line_and_exit_code_2(run, typed):
    typed(b"the caf\xe9")
    code, out, err = run("generate", "STEP")
    assert (code, out) == (2, "")
    assert one_line(err)
    assert "the prompt is not UTF-8 (at 7)" in err


def test_no_prompt_and_no_input_is_one_line_and_exit_code_2(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    code, _, err = run("generate", "STEP")
    assert code == 2
    assert one_line(err)
    assert "neither a prompt nor a standard input" in err


def test_json_has_the_keys_of_the_contract(run, step_bundle):
    code, out, err = run("generate", "STEP", "the cell", "-n", "7", "--json", "--engine", "litert")
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert list(data) == GENERATION_KEYS
    assert list(data["timings"]) == ["load_ms", "first_word_ms", "ms_per_word"]
    expected_model = load(step_bundle, "litert")
    expected = expected_model.generate("the cell", 7)
    assert data["prompt"] == "the cell"
    assert data["text"] == expected.text
    assert data["words"] == list(expected.words)
    assert data["ids"] == list(expected.ids)
    assert data["logprobs"] == list(expected.logprobs)
    assert (data["finish_reason"], data["engine"]) == ("length", "litert")
    assert (data["precision"], data["decode"]) == (expected_model.precision, "step")
    assert out.count("\n") == 1


def test_json_of_one_word_has_no_time_per_word(run):
    data = json.loads(run("generate", "STEP", "the", "-n", "1", "--json")[1])
    assert data["timings"]["ms_per_word"] is None
    assert data["timings"]["first_word_ms"] > 0


def test_json_keeps_any_prompt(run):
    prompt = 'the "cell"\\ \u20ac \U0001f600\nreads'
    assert json.loads(run("generate", "STEP", prompt, "--json")[1])["prompt"] == prompt


@pytest.mark.parametrize("engine", ["litert", "onnx"])
@pytest.mark.parametrize("precision", ["float32", "dynamic-int8"])
def test_the_variant_asked_for_is_taken(run, engine, precision):
    line = [
        "generate",
        "STEP",
        "the",
        "--engine",
        engine,
        "--precision",
        precision,
        "--threads",
        "2",
        "--json",
    ]
    data = json.loads(run(*line)[1])
    assert (data["engine"], data["precision"]) == (engine, precision)


@pytest.mark.parametrize("options", [[], ["--no-stream"]])
def test_the_text_is_printed_as_one_line(run, step_bundle, options):
    code, out, err = run("generate", "STEP", "the cell", "-n", "9", *options)
    assert (code, err) == (0, "")
    assert out == load(step_bundle).generate("the cell", 9).text + "\n"


def test_twenty_words_are_the_default(run):
    assert len(run("generate", "STEP", "the cell")[1].split()) == 20


@pytest.mark.parametrize("place", range(1, 5))
def test_options_may_stand_anywhere(run, place):
    words = ["generate", "STEP", "the cell"]
    words[place:place] = ["-n", "4"]
    assert run(*words) == run("generate", "STEP", "the cell", "-n", "4")


def test_a_prompt_may_begin_with_a_dash(run):
    data = json.loads(run("generate", "STEP", "--json", "--", "-the cell")[1])
    assert data["prompt"] == "-the cell"


@pytest.mark.parametrize("content", [b"the cell", b"the cell\n", b"the cell\r\n"])
def test_the_prompt_may_come_from_standard_input(run, typed, content):
    typed(content)
    assert json.loads(run("generate", "STEP", "--json")[1])["prompt"] == "the cell"


def test_a_prompt_may_be_empty(run, typed):
    typed(b"")
    assert run("generate", "STEP", "-n", "3") == run("generate", "STEP", "", "-n", "3")


def test_unknown_words_are_a_warning(run):
    code, out, err = run("generate", "STEP", "the zebra", "-n", "5")
    assert code == 0
    assert len(out.split()) == 5
    assert one_line(err)
    assert "50% of the prompt is not in the vocabulary (OOV)" in err


@pytest.mark.parametrize(("bundle_name", "mode"), [("STEP", "step"), ("WINDOW", "window")])
def test_the_decode_mode_may_be_said(run, bundle_name, mode):
    data = json.loads(run("generate", bundle_name, "the", "--decode", mode, "--json")[1])
    assert data["decode"] == mode


def test_a_refused_variant_is_one_line_once(bundle, capsys):
    damage(bundle, "model.float32.onnx")
    line = ["generate", str(bundle), "the cell", "-n", "3"]
    assert main(line) == 0
    first = capsys.readouterr()
    assert one_line(first.err)
    assert first.err.startswith("edgeword: model.float32.onnx is not used here: onnxruntime 1.")
    assert "self-test failed at word 1" in first.err
    assert main(line) == 0
    second = capsys.readouterr()
    assert (second.out, second.err) == (first.out, "")


def test_a_refused_variant_that_was_asked_for_is_one_line_and_exit_code_2(bundle, capsys):
    damage(bundle, "model.float32.onnx")
    line = ["generate", str(bundle), "the", "--engine", "onnx", "--precision", "float32"]
    for _ in range(2):
        assert main(line) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert one_line(captured.err)
        assert "no variant can be used here: model.float32.onnx: onnxruntime" in captured.err


def test_a_warning_of_another_package_is_no_line_of_ours(step_bundle, capsys, monkeypatch):
    def warned(*arguments, **keywords):
        warnings.warn("old", FutureWarning, stacklevel=1)
        return load(*arguments, **keywords)

    monkeypatch.setattr(edgeword.cli.options, "load", warned)
    with pytest.warns(FutureWarning, match="old"):
        assert main(["generate", str(step_bundle), "the", "-n", "1"]) == 0
    assert capsys.readouterr().err == ""


def test_an_interrupt_between_two_words_leaves_no_traceback(run, monkeypatch):
    monkeypatch.setattr(edgeword.LanguageModel, "stream", lambda *_, **__: interrupted())
    code, out, err = run("generate", "STEP", "the")
    assert (code, out, err) == (130, "cell", "edgeword: interrupted\n")


def interrupted():
    yield "cell"
    raise KeyboardInterrupt

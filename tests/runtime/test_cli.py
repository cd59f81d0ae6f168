"""The `edgeword` line: what it prints where, and its exit codes."""

import io
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import edgeword.cli.main
import edgeword.cli.options
from edgeword import EdgewordWarning, EngineError, MissingEngineError, load
from edgeword.bundle.bundle import Bundle
from edgeword.cli.command import Command
from edgeword.cli.main import main
from edgeword.engines.engine import Engine
from edgeword.errors import GateError
from tests import tiny
from tests.runtime.changed import edit_manifest, keep_variants, replace_file
from tests.runtime.damaged import damage, damage_all

GENERATION_KEYS = [
    "prompt",
    "text",
    "words",
    "ids",
    "logprobs",
    "finish_reason",
    "engine",
    "precision",
    "decode",
    "timings",
]


@pytest.fixture
def typed(monkeypatch):
    """Put bytes on standard input."""

    def run(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return run


@pytest.fixture
def run(step_bundle, window_bundle, capsys):
    """Run a line in which STEP and WINDOW stand for bundles: exit code, standard output, standard error."""

    def run_line(*words: str) -> tuple[int, str, str]:
        paths = {"STEP": str(step_bundle), "WINDOW": str(window_bundle)}
        code = main([paths.get(word, word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_line


def process(*words: str, **options) -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", "edgeword", *map(str, words)]
    return subprocess.run(line, capture_output=True, check=False, timeout=60, **options)


BAD_USAGE = {
    "unknown command": (["conjure"], "there is no command 'conjure'; the commands are "),
    "empty command": ([""], "there is no command ''"),
    "command in capitals": (["GENERATE"], "there is no command 'GENERATE'"),
    "unknown option": (["--conjure"], "unknown option '--conjure'"),
    "option before the command": (["--json", "info"], "unknown option '--json'"),
    "unknown option of a command": (["generate", "STEP", "the", "--conjure"], "--conjure"),
    "abbreviated option": (["generate", "STEP", "the", "--prec", "float32"], "--prec"),
    "one word too many": (["generate", "STEP", "the", "cell"], "cell"),
    "no bundle": (["generate"], "BUNDLE"),
    "no bundle for info": (["info"], "BUNDLE"),
    "missing bundle": (["generate", "/nowhere", "the"], "/nowhere is no bundle: there is no such folder"),
    "missing bundle for info": (["info", "/nowhere"], "/nowhere is no bundle"),
    "path in two lines": (["info", "/now\nhere"], "/now here is no bundle"),
    "no words": (["generate", "STEP", "the", "-n", "0"], "-n: '0' is not a whole number of at least 1"),
    "fewer than no words": (["generate", "STEP", "the", "-n", "-3"], "-n: '-3'"),
    "words in letters": (["generate", "STEP", "the", "-n", "x"], "-n: 'x'"),
    "words as a fraction": (["generate", "STEP", "the", "-n", "1.5"], "-n: '1.5'"),
    "words left out": (["generate", "STEP", "the", "-n"], "-n"),
    "no threads": (["generate", "STEP", "the", "--threads", "0"], "--threads: '0'"),
    "unknown engine": (["generate", "STEP", "the", "--engine", "foo"], "'foo'"),
    "unknown precision": (["generate", "STEP", "the", "--precision", "int3"], "'int3'"),
    "unknown decode mode": (["generate", "STEP", "the", "--decode", "beam"], "'beam'"),
    "step on a window bundle": (
        ["generate", "WINDOW", "the", "--decode", "step"],
        "the bundle decodes by window: ",
    ),
    "window on a step bundle": (["generate", "STEP", "the", "--decode", "window"], "decodes by step: "),
    "prompt of the line not UTF-8": (["generate", "STEP", "caf\udce9"], "the prompt is not UTF-8"),
}


@pytest.mark.parametrize(("words", "fragment"), BAD_USAGE.values(), ids=BAD_USAGE)
def test_bad_usage_is_one_line_and_exit_code_2(run, words, fragment):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert one_line(err)
    assert fragment in err


def one_line(err: str) -> bool:
    return err.startswith("edgeword: ") and err.count("\n") == 1 and err.endswith("\n")


def test_a_damaged_bundle_is_one_line_and_exit_code_2(bundle, capsys):
    (bundle / "tokenizer.json").unlink()
    for command in (["generate", str(bundle), "the"], ["info", str(bundle)]):
        assert main(command) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert one_line(captured.err)
        assert "misses tokenizer.json; copy the bundle again" in captured.err


def test_a_variant_that_is_not_there_is_one_line_and_exit_code_2(bundle, capsys):
    keep_variants(bundle, "model.float32.onnx")
    assert main(["generate", str(bundle), "the", "--engine", "litert"]) == 2
    assert one_line(capsys.readouterr().err)


def test_a_prompt_that_is_not_utf8_is_one_line_and_exit_code_2(run, typed):
    typed(b"the caf\xe9")
    code, out, err = run("generate", "STEP")
    assert (code, out) == (2, "")
    assert one_line(err)
    assert "the prompt is not UTF-8 (at 7)" in err


def test_bad_usage_in_a_process_is_one_line_too(window_bundle):
    """The engine itself must not have spoken yet."""
    done = process("generate", window_bundle, "the", "--decode", "step")
    assert done.returncode == 2
    assert one_line(done.stderr.decode())


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


def test_info_says_what_a_bundle_holds(run, step_bundle):
    code, out, err = run("info", "STEP")
    assert (code, err) == (0, "")
    manifest = Bundle(step_bundle).manifest
    for fact in (manifest.name, manifest.proof.reason, "42 ids", "texts of any length", "state_0 [1, 32]"):
        assert fact in out
    for variant in manifest.variants:
        assert any({variant.format, variant.precision} <= set(line.split()) for line in out.splitlines())
    assert out.splitlines()[-1] == f'next: edgeword generate {step_bundle} "a prompt"'


def test_info_of_a_bundle_without_state(run):
    code, out, _ = run("info", "WINDOW")
    assert code == 0
    assert any(line.split() == ["state", "none"] for line in out.splitlines())
    assert "pre-padded windows of 12" in out


def test_info_as_json_is_the_manifest(run, step_bundle):
    code, out, err = run("info", "STEP", "--json")
    assert (code, err) == (0, "")
    assert out == (step_bundle / "manifest.json").read_text(encoding="utf-8")


def here(out: str) -> list[str]:
    """What info says of this machine."""
    lines = out.splitlines()
    return lines[next(index for index, line in enumerate(lines) if line.startswith("here: ")) : -2]


def test_info_before_the_first_load(run):
    assert here(run("info", "STEP")[1]) == [
        "here: not loaded yet; the first load tries the most faithful variants and takes the fastest that passes"
    ]


def test_info_shows_what_is_taken_and_why(run, step_bundle):
    names = [variant.file for variant in Bundle(step_bundle).manifest.variants]
    lm = load(step_bundle)
    first, fastest, *rows = here(run("info", "STEP")[1])
    assert first == (
        f"here: {lm.variant.file} is taken, the most faithful that passes the self-test, and the fastest of these"
    )
    assert fastest == f"here: {lm.variant.file} with --precision fastest"
    assert sorted(row.split()[0] for row in rows) == sorted(names)
    assert len([row for row in rows if row.endswith("  not tried yet")]) == len(names) - 2
    quickest = load(step_bundle, precision="fastest")
    again, fastest, *rows = here(run("info", "STEP")[1])
    assert again == first
    assert fastest == f"here: {quickest.variant.file} with --precision fastest"
    assert all(" µs a word on " in row for row in rows)
    times = {row.split()[0]: float(row.split()[1].replace(",", "")) for row in rows}
    assert sorted(times) == sorted(names)
    assert min(times.values()) == times[quickest.variant.file]


def test_info_shows_what_is_refused_and_why(bundle, capsys):
    damage(bundle, "model.float32.onnx")
    with pytest.warns(EdgewordWarning):
        load(bundle)
    assert main(["info", str(bundle)]) == 0
    out = capsys.readouterr().out
    assert "\nhere: model.float32.tflite is taken, " in out
    assert "\n  model.float32.onnx  onnxruntime 1." in out
    damage_all(bundle, "model.float32.onnx")
    with pytest.raises(EngineError):
        load(bundle)
    assert main(["info", str(bundle)]) == 0
    assert "\nhere: nothing that was tried passes the self-test\n" in capsys.readouterr().out


def test_info_without_self_tests(run, step_bundle, monkeypatch):
    monkeypatch.setenv("EDGEWORD_SELF_TEST", "0")
    assert "here: the first variant that was verified on its engine is taken" in run("info", "STEP")[1]


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
    def warned(*arguments):
        warnings.warn("old", FutureWarning, stacklevel=1)
        return load(*arguments)

    monkeypatch.setattr(edgeword.cli.options, "load", warned)
    with pytest.warns(FutureWarning, match="old"):
        assert main(["generate", str(step_bundle), "the", "-n", "1"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["step", "replay", "window", "all_precisions"])
def test_verify_passes_a_whole_bundle(request, capsys, name):
    path = request.getfixturevalue(f"{name}_bundle")
    assert main(["verify", str(path)]) == 0
    captured = capsys.readouterr()
    first, *rows, last = captured.out.splitlines()
    manifest = Bundle(path).manifest
    assert captured.err == ""
    assert first == f"digests      {2 + len(manifest.variants)} files are what was exported"
    assert sorted(row.split()[:2] for row in rows) == sorted(["passed", variant.file] for variant in manifest.variants)
    assert last == f'next: edgeword generate {path} "a prompt"'
    assert not (Path(os.environ["XDG_CACHE_HOME"]) / "edgeword").exists()


def test_verify_names_what_is_no_part_of_the_bundle(bundle, capsys):
    (bundle / ".gitattributes").write_text("*.tflite filter=lfs")
    (bundle / "notes").mkdir()
    assert main(["verify", str(bundle)]) == 0
    _, *rows = capsys.readouterr().out.splitlines()
    assert rows[:2] == [
        f"unlisted     {name}  is no part of the bundle and was not opened" for name in (".gitattributes", "notes")
    ]


@pytest.mark.parametrize("file", ["model.float32.onnx", "model.dynamic-int8.tflite", "README.md"])
def test_verify_finds_a_changed_byte(bundle, capsys, file):
    content = bytearray((bundle / file).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / file).write_bytes(content)
    assert main(["verify", str(bundle)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert one_line(captured.err)
    assert f"{file} is not the file that was exported" in captured.err


def verified_on(bundle: Path, *versions: str) -> None:
    edit_manifest(bundle, lambda data: [variant.update(verified=list(versions)) for variant in data["variants"]])


def test_verify_fails_where_a_verified_variant_fails(bundle, capsys):
    damage(bundle, "model.float32.onnx")
    assert main(["verify", str(bundle)]) == 1
    captured = capsys.readouterr()
    assert "\nrefused      model.float32.onnx  onnxruntime 1." in captured.out
    assert captured.out.count("\npassed ") == len(Bundle(bundle).manifest.variants) - 1
    assert captured.err == "edgeword: a variant fails on an engine that it was verified on\n"


def test_verify_fails_where_the_engine_refuses_a_verified_file(bundle, capsys):
    replace_file(bundle, "model.float32.tflite", b"of a newer version")
    assert main(["verify", str(bundle)]) == 1
    assert "\nrefused      model.float32.tflite  ai-edge-litert 2." in capsys.readouterr().out


def test_verify_passes_where_what_fails_was_never_verified_here(bundle, capsys):
    damage(bundle, "model.float32.onnx")
    replace_file(bundle, "model.float32.tflite", b"of a newer version")
    verified_on(bundle, "another-engine 1.0", "")
    assert main(["verify", str(bundle)]) == 0
    assert capsys.readouterr().out.count("\nrefused ") == 2


def test_verify_fails_where_nothing_passes(bundle, capsys):
    damage_all(bundle)
    verified_on(bundle)
    assert main(["verify", str(bundle)]) == 1
    assert capsys.readouterr().err == "edgeword: no variant passes here\n"


def test_verify_passes_over_an_engine_that_cannot_be_imported(step_bundle, capsys, monkeypatch):
    whole = Engine.open

    def open_or_fail(kind, content, threads):
        if kind.name == "litert":
            raise MissingEngineError("litert cannot be imported")
        return whole(kind, content, threads)

    monkeypatch.setattr(Engine, "open", open_or_fail)
    assert main(["verify", str(step_bundle)]) == 0
    out = capsys.readouterr().out
    assert "\npassed over  model.float32.tflite  litert cannot be imported\n" in out
    assert "\npassed       model.float32.onnx" in out


def test_verify_of_no_bundle_is_one_line_and_exit_code_2(run, tmp_path):
    for path in ("/nowhere", str(tmp_path)):
        code, out, err = run("verify", path)
        assert (code, out) == (2, "")
        assert one_line(err)
        assert f"{path} is no bundle" in err


def test_doctor_names_what_is_here(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert f"edgeword {edgeword.__version__}" in printed
    assert "onnxruntime" in printed


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_the_commands(run, option):
    code, out, err = run(option)
    assert (code, err) == (0, "")
    assert out.startswith("usage: edgeword COMMAND")
    listed = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert {"generate", "suggest", "info", "verify", "doctor", "train", "export", "demo"} <= set(listed)
    assert listed == sorted(listed)


@pytest.mark.parametrize("command", ["generate", "suggest", "info", "verify"])
def test_each_command_has_its_help(run, command):
    code, out, err = run(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: edgeword {command}")
    assert "BUNDLE" in out


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version(run, option):
    assert run(option) == (0, f"edgeword {edgeword.__version__}\n", "")


def test_no_command_shows_the_help_and_is_bad_usage(run):
    code, out, _ = run()
    assert code == 2
    assert out == run("--help")[1]


def failing(error: BaseException):
    def run_command(_arguments):
        raise error

    return lambda: Command("fail", "", lambda _parser: None, run_command)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "edgeword: interrupted\n"),
        (GateError("outside its gate"), 1, "edgeword: outside its gate\n"),
        (OSError(28, "No space left on device"), 2, "edgeword: [Errno 28] No space left on device"),
        (UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range"), 2, "edgeword: the output cannot be"),
    ],
    ids=["interrupted", "gate", "disk", "encoding"],
)
def test_exit_codes(run, monkeypatch, error, code, line):
    monkeypatch.setattr(edgeword.cli.main, "_own", lambda _name: failing(error)())
    found, out, err = run("info")
    assert (found, out) == (code, "")
    assert err.startswith(line)
    assert one_line(err)


def test_an_interrupt_between_two_words_leaves_no_traceback(run, monkeypatch):
    monkeypatch.setattr(edgeword.LanguageModel, "stream_ids", lambda *_: interrupted())
    code, out, err = run("generate", "STEP", "the")
    assert (code, out, err) == (130, "cell", "edgeword: interrupted\n")


def interrupted():
    yield tiny.TOKENIZER.id("cell")
    raise KeyboardInterrupt


def test_the_module_is_a_command():
    done = process("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == f"edgeword {edgeword.__version__}\n"


CLOSED = {
    "help": ["--help"],
    "help of a command": ["generate", "--help"],
    "info": ["info", "STEP"],
    "stream": ["generate", "STEP", "the", "-n", "2000"],
    "one piece": ["generate", "STEP", "the", "-n", "20", "--no-stream"],
    "json": ["generate", "STEP", "the", "-n", "20", "--json"],
}


@pytest.mark.parametrize("words", CLOSED.values(), ids=CLOSED)
def test_a_reader_that_has_gone_is_no_error(step_bundle, words):
    reader, writer = os.pipe()
    os.close(reader)
    line = [
        sys.executable,
        "-m",
        "edgeword",
        *(str(step_bundle) if word == "STEP" else word for word in words),
    ]
    try:
        done = subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
    finally:
        os.close(writer)
    assert done.returncode == 0
    assert own_lines(done.stderr) == []


def own_lines(err: bytes) -> list[str]:
    """Lines that are not LiteRT's, which names its delegate on standard error."""
    return [line for line in err.decode().splitlines() if not line.startswith("INFO: ")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_is_one_line_and_exit_code_2(step_bundle, options):
    line = [sys.executable, "-m", "edgeword", "generate", str(step_bundle), "the", *options]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 2
    (own,) = own_lines(done.stderr)
    assert own.startswith("edgeword: [Errno 28]")


def test_output_that_has_no_encoding_is_one_line_and_exit_code_2(step_bundle):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = process("generate", step_bundle, "café", "--json", env=environment)
    assert done.returncode == 2
    assert own_lines(done.stderr)[-1].startswith("edgeword: the output cannot be written in ascii")
    assert b"Traceback" not in done.stderr


def test_bytes_of_the_line_that_are_not_utf8(step_bundle):
    line = [sys.executable.encode(), b"-m", b"edgeword", b"generate", os.fsencode(step_bundle), b"caf\xe9"]
    done = subprocess.run(line, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert own_lines(done.stderr) == ["edgeword: the prompt is not UTF-8 (at 3); convert it with iconv"]

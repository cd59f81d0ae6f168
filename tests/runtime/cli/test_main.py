"""The `edgeword` line: what it prints where, and its exit codes."""

import pytest

import edgeword.cli.finding
import edgeword.cli.options
from edgeword.cli.command import Command
from edgeword.cli.main import main
from edgeword.errors import GateError
from tests.runtime.changed import keep_variants
from tests.runtime.cli.lines import one_line

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
    assert {"generate", "bulk", "suggest", "info", "verify", "doctor", "train", "export", "demo"} <= set(listed)
    assert listed == sorted(listed)


@pytest.mark.parametrize("command", ["generate", "bulk", "suggest", "info", "verify"])
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
    monkeypatch.setattr(edgeword.cli.finding, "_own", lambda _name: failing(error)())
    found, out, err = run("info")
    assert (found, out) == (code, "")
    assert err.startswith(line)
    assert one_line(err)

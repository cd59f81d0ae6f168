"""What a stranger is told: an example in every help, the next command where somebody looks, completions."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest

from edgeword.cli.command import Command
from edgeword.cli.finding import find, found_commands, parser_of
from edgeword.cli.main import main

NAMES = tuple(found_commands())


@pytest.mark.parametrize("name", NAMES)
def test_every_help_ends_with_examples_that_the_parser_takes(run, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "100")
    command = find(name)
    code, out, err = run(name, "--help")
    assert (code, err) == (0, "")
    assert command.examples
    assert max(map(len, out.splitlines())) <= 100
    shown = out.partition("\nexample")[2].splitlines()[1:]
    assert [line.strip() for line in shown] == [f"edgeword {name} {line}".strip() for line in command.examples]
    for line in command.examples:
        parser_of(command).parse_intermixed_args(shlex.split(line.partition(" > ")[0]))


def test_next_is_said_to_a_terminal_and_beside_the_results(run, terminal, step_bundle):
    code, out, err = run("info", "STEP")
    assert code == 0
    assert "next:" not in out
    assert err.splitlines()[-1].endswith(f"edgeword generate {step_bundle} 'a prompt'")
    assert err.startswith("next: ")


@pytest.mark.parametrize(
    "line", [["info", "STEP"], ["generate", "STEP", "the", "-n", "1"], ["suggest", "STEP", "the"], ["doctor", "STEP"]]
)
def test_next_is_another_command(run, terminal, line):
    _, _, err = run(*line)
    said = err.splitlines()[-1]
    assert said.startswith("next: ")
    assert f"edgeword {line[0]} " not in said


def complete_in_bash(script: str, *words: str) -> list[str]:
    typed = f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}"
    said = 'printf "%s\\n" "${COMPREPLY[@]}"'
    line = f"{script}\n{typed}; _edgeword; {said}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_options_and_choices(run):
    script = run("completions", "bash")[1]
    assert complete_in_bash(script, "edgeword", "") == list(NAMES)
    assert complete_in_bash(script, "edgeword", "ge") == ["generate"]
    assert complete_in_bash(script, "edgeword", "generate", "b", "--no-") == ["--no-repeat-ngram", "--no-stream"]
    assert complete_in_bash(script, "edgeword", "info", "b", "--") == ["--help", "--json"]
    assert complete_in_bash(script, "edgeword", "suggest", "b", "--engine", "") == ["auto", "litert", "onnx"]
    assert complete_in_bash(script, "edgeword", "completions", "") == ["bash", "zsh", "fish"]
    assert complete_in_bash(script, "edgeword", "info", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_told_every_option(run, shell):
    code, script, err = run("completions", shell)
    assert (code, err) == (0, "")
    for name in NAMES:
        flags = [flag for action in parser_of(find(name))._actions for flag in action.option_strings]
        own = "".join(line for line in script.splitlines() if name in line).replace(" -l ", " --").replace(" -s ", " -")
        assert not [flag for flag in flags if f"{flag}" not in own]
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=script, text=True, check=False).returncode == 0


def test_a_command_that_cannot_be_loaded_is_not_completed(run, monkeypatch):
    from edgeword.cli.commands import completions

    whole = found_commands()
    monkeypatch.setattr(completions, "found_commands", lambda: {**whole, "more": "it cannot be loaded"})
    assert "more" not in complete_in_bash(run("completions", "bash")[1], "edgeword", "")


def test_commands_of_others_need_no_example():
    command = Command("more", "does more", lambda _parser: None, lambda _arguments: 0)
    assert "example" not in parser_of(command).format_help()


def test_suggest_reads_standard_input_as_generate_does(run, typed):
    expected = run("suggest", "STEP", "the cell")[1]
    typed(b"the cell\n")
    assert run("suggest", "STEP")[:2] == (0, expected)
    typed(b"caf\xe9")
    code, _, err = run("suggest", "STEP")
    assert (code, "the context is not UTF-8" in err) == (2, True)


def test_doctor_times_a_bundle_and_names_the_fastest(run, all_precisions_bundle, capsys):
    assert main(["doctor", str(all_precisions_bundle)]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    rows = [line for line in out.splitlines() if line.endswith("µs a word")]
    times = {row.split()[0]: float(row.split()[-4].replace(",", "")) for row in rows}
    assert f"here: {min(times, key=times.__getitem__)} on " in out
    assert "litert fits this machine" in out

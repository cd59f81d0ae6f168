"""`edgeword bulk`: what it prints, its exit codes, and its progress bar."""

from __future__ import annotations

import io
import json

import pytest

from edgeword.bulk.progress import Progress
from edgeword.cli.bar import Bar, format_progress
from tests.runtime.bulk.runs import undisturbed, write_prompts
from tests.runtime.cli.lines import one_line


@pytest.fixture
def asked(tmp_path):
    return write_prompts(tmp_path / "prompts.txt", 20)


def test_nothing_is_printed_where_nobody_looks(run, asked, tmp_path, step_bundle):
    line = ["bulk", "STEP", str(asked), "--out", str(tmp_path / "out.jsonl"), "-n", "5", "--engine", "litert"]
    assert run(*line) == (0, "", "")
    whole = (tmp_path / "out.jsonl").read_bytes()
    assert whole == undisturbed(step_bundle, asked, tmp_path / "whole.jsonl", max_words=5)
    code, out, err = run(*line)
    assert (code, out, one_line(err)) == (2, "", True)
    assert "exists; go on with --resume" in err
    assert run(*line, "--resume") == (0, "", "")
    assert (tmp_path / "out.jsonl").read_bytes() == whole


def test_every_option_of_generate_reaches_the_words(run, asked, tmp_path, step_bundle):
    (tmp_path / "denied").write_text("cell\n", encoding="utf-8")
    out = str(tmp_path / "out.jsonl")
    words = "--temperature 0.9 --top-k 9 --top-p 0.9 --min-p 0.01 --repetition-penalty 1.1 --no-repeat-ngram 3 --seed 5"
    line = [*words.split(), "--stop", "state", "--min-words", "2", "--decode", "step", "--threads", "1", "--batch", "3"]
    denied = ["--deny", str(tmp_path / "denied"), "--engine", "litert"]
    assert run("bulk", "STEP", str(asked), "--out", out, *line, *denied) == (0, "", "")
    assert (tmp_path / "out.jsonl").read_bytes() == undisturbed(
        step_bundle,
        asked,
        tmp_path / "whole.jsonl",
        temperature=0.9,
        top_k=9,
        top_p=0.9,
        min_p=0.01,
        repetition_penalty=1.1,
        no_repeat_ngram=3,
        seed=5,
        stop=["state"],
        min_words=2,
        deny={"cell"},
        batch=3,
    )


def test_prompts_from_standard_input(run, typed, tmp_path):
    typed(b'{"prompt": "the cell", "id": 7}\n')
    assert run("bulk", "STEP", "-", "--out", str(tmp_path / "out.jsonl"), "-n", "2")[0] == 0
    data = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert (data["prompt"], data["id"], len(data["words"])) == ("the cell", 7, 2)


@pytest.mark.parametrize(("bad", "said"), [(1, "1 prompt of 3"), (2, "2 prompts of 3")])
def test_prompts_that_cannot_be_used_are_counted_and_exit_code_1(run, tmp_path, bad, said):
    path, out = tmp_path / "prompts.txt", tmp_path / "out.jsonl"
    path.write_bytes(b"caf\xe9\n" * bad + b"the\n" * (3 - bad))
    for more in ([], ["--resume"]):
        code, printed, err = run("bulk", "STEP", str(path), "--out", str(out), *more)
        assert (code, printed) == (1, "")
        assert err == f'edgeword: {said} cannot be used; {out} says why under "error"\n'
    assert out.read_bytes().count(b'"error"') == bad


BAD = {
    "no out": (["STEP", "PROMPTS"], "--out"),
    "no prompts": (["STEP", "--out", "OUT"], "PROMPTS"),
    "no such prompts": (["STEP", "nothing.txt", "--out", "OUT"], "cannot read the prompts nothing.txt"),
    "no kind of prompts": (["STEP", "prompts.csv", "--out", "OUT"], "prompts are .txt, .jsonl"),
    "no bundle": (["/nowhere", "PROMPTS", "--out", "OUT"], "/nowhere is no bundle"),
    "no workers": (["STEP", "PROMPTS", "--out", "OUT", "--workers", "0"], "--workers: '0'"),
    "too many workers": (["STEP", "PROMPTS", "--out", "OUT", "--workers", "9999"], "workers is 9999"),
    "no batch": (["STEP", "PROMPTS", "--out", "OUT", "--batch", "0"], "--batch: '0'"),
    "no folder": (["STEP", "PROMPTS", "--out", "/nowhere/out"], "the folder /nowhere does not exist"),
    "another decode mode": (["STEP", "PROMPTS", "--out", "OUT", "--decode", "window"], "decodes by step"),
    "beams and drawing": (["STEP", "PROMPTS", "--out", "OUT", "--beams", "2", "--temperature", "1"], "exclude"),
}


@pytest.mark.parametrize(("words", "fragment"), BAD.values(), ids=BAD)
def test_bad_usage_is_one_line_and_exit_code_2(run, asked, tmp_path, words, fragment):
    paths = {"PROMPTS": str(asked), "OUT": str(tmp_path / "out.jsonl")}
    code, out, err = run("bulk", *(paths.get(word, word) for word in words))
    assert (code, out, one_line(err)) == (2, "", True)
    assert fragment in err
    assert [path.name for path in tmp_path.iterdir()] == ["prompts.txt"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_is_drawn_on_a_terminal_and_gone_at_the_end():
    stream = Terminal()
    with Bar(stream) as bar:
        bar.draw(Progress(1000, 5100, 0.25, 62.4))
        bar.draw(Progress(1001, 5100, 0.25, 62.4))
    lines = stream.getvalue().split("\r\x1b[K")
    assert lines == ["", "[######------------------]  25%  1,000 lines  5,100 words/s  1:02 left", ""]


def test_no_bar_is_drawn_elsewhere():
    stream = io.StringIO()
    with Bar(stream) as bar:
        bar.draw(Progress(1000, 5100, 0.25, 62.4))
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (Progress(7, 0, None, None), "7 lines  0 words/s"),
        (Progress(7, 0, 0.0, None), f"[{'-' * 24}]   0%  7 lines  0 words/s"),
        (Progress(10**6, 1e6, 1.0, 0.0), f"[{'#' * 24}] 100%  1,000,000 lines  1,000,000 words/s  0:00 left"),
        (Progress(9, 9.4, 0.5, 7325.6), f"[{'#' * 12}{'-' * 12}]  50%  9 lines  9 words/s  2:02:06 left"),
    ],
)
def test_what_is_not_known_is_not_shown(progress, shown):
    assert format_progress(progress) == shown

"""A run: a line for each prompt, the same with any number of workers and any batch."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

import edgeword
from edgeword.bulk import bulk
from edgeword.bulk.running import _sizes
from edgeword.errors import InputFileError, UsageError
from edgeword.generation.sampling import nth_seed
from tests.runtime.bulk.runs import prompts, undisturbed, write_prompts

KEYS = [
    *("index", "prompt", "text", "words", "ids", "logprobs", "finish_reason"),
    *("oov_rate", "engine", "precision", "decode"),
]
DRAWN = {"temperature": 1.0, "top_k": 20, "seed": 7}


def records(content: bytes) -> list[dict]:
    return [json.loads(line) for line in content.splitlines()]


@pytest.fixture
def asked(tmp_path) -> Path:
    return write_prompts(tmp_path / "prompts.txt", 150)


@pytest.mark.parametrize("name", ["step", "replay", "window"])
def test_each_line_is_what_generate_says(golden, tmp_path, asked, name):
    found = records(undisturbed(golden / name, asked, tmp_path / "out.jsonl", max_words=5))
    lm = edgeword.load(golden / name, "litert")
    for index, (record, prompt) in enumerate(zip(found, prompts(150), strict=True)):
        expected = lm.generate(prompt, 5)
        assert list(record) == KEYS
        assert (record["index"], record["prompt"], record["text"]) == (index, prompt, expected.text)
        assert (record["words"], record["ids"]) == (list(expected.words), list(expected.ids))
        assert record["logprobs"] == pytest.approx(expected.logprobs, abs=1e-5)
        assert (record["finish_reason"], record["oov_rate"]) == (expected.finish_reason, expected.oov_rate)
        assert (record["engine"], record["precision"], record["decode"]) == ("litert", lm.precision, lm.decode)


def test_a_text_is_drawn_by_seed_and_index(step_bundle, tmp_path, asked):
    found = records(undisturbed(step_bundle, asked, tmp_path / "out.jsonl", **DRAWN))
    lm = edgeword.load(step_bundle, "litert")
    for index, prompt in enumerate(prompts(150)):
        assert found[index]["ids"] == list(lm.generate(prompt, **{**DRAWN, "seed": nth_seed(7, index)}).ids)
    of_no_text = {record["text"] for record in found if record["prompt"] == ""}
    assert len(of_no_text) > 1


@pytest.mark.parametrize("options", [{}, DRAWN], ids=["greedy", "drawn"])
def test_workers_and_batches_change_no_word(step_bundle, tmp_path, asked, options):
    def said(name: str, **how) -> list[list[int]]:
        return [line["ids"] for line in records(undisturbed(step_bundle, asked, tmp_path / name, **options, **how))]

    expected = said("one.jsonl")
    assert said("three.jsonl", workers=3, batch=5) == expected
    assert said("batch.jsonl", batch=1) == expected


def test_lines_are_the_same_bytes_with_any_number_of_workers(step_bundle, tmp_path, asked):
    """In ONNX Runtime, where the last digits of a text's logits depend on the rows beside it."""
    expected = undisturbed(step_bundle, asked, tmp_path / "one.jsonl", "onnx", batch=4)
    assert undisturbed(step_bundle, asked, tmp_path / "two.jsonl", "onnx", batch=4, workers=2) == expected


def test_what_cannot_be_used_is_a_line_with_an_error(step_bundle, tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_bytes(b'{"prompt": "the", "id": "a"}\n{"id": "b"}\nx\xff\n{"prompt": "", "error": 1, "words": 2}')
    result = bulk(step_bundle, path, tmp_path / "out.jsonl", max_words=3)
    first, second, third, fourth = records((tmp_path / "out.jsonl").read_bytes())
    assert (result.lines, result.errors, result.words) == (4, 2, 6)
    assert list(first) == ["index", "prompt", "id", *KEYS[2:]]
    assert (first["id"], second["id"], list(third)) == ("a", "b", ["index", "error"])
    assert '"prompt" is missing' in second["error"]
    assert list(fourth) == KEYS
    assert len(fourth["words"]) == 3


def test_a_run_s_own_lines_can_be_its_prompts(step_bundle, window_bundle, tmp_path, asked):
    of_window = undisturbed(window_bundle, asked, tmp_path / "window.jsonl", max_words=3)
    undisturbed(step_bundle, asked, tmp_path / "step.jsonl", max_words=4)
    assert undisturbed(window_bundle, tmp_path / "step.jsonl", tmp_path / "again.jsonl", max_words=3) == of_window


def test_no_prompts_are_no_lines(step_bundle, tmp_path):
    (tmp_path / "prompts.txt").touch()
    result = bulk(step_bundle, tmp_path / "prompts.txt", tmp_path / "out.jsonl", workers=2)
    assert (result.lines, (tmp_path / "out.jsonl").read_bytes()) == (0, b"")
    assert not (tmp_path / "out.jsonl.resume").exists()


def test_no_line_ends_within(step_bundle, tmp_path):
    """Where JSON lets characters stand at which str.splitlines ends a line."""
    path = tmp_path / "prompts.txt"
    text = "the\u2028cell\x85reads\u2029a\x0bword\x1cand\x0c€ keeps"
    path.write_text(text + "\n", encoding="utf-8")
    content = undisturbed(step_bundle, path, tmp_path / "out.jsonl").decode()
    (line,) = content.splitlines()
    assert json.loads(line)["prompt"] == text
    assert "€" in line


def test_what_is_in_the_way_is_refused(step_bundle, tmp_path, asked):
    out = tmp_path / "out.jsonl"
    out.write_text("mine\n", encoding="utf-8")
    with pytest.raises(InputFileError, match=r"out\.jsonl exists; go on with --resume"):
        bulk(step_bundle, asked, out)
    with pytest.raises(InputFileError, match="it is a folder"):
        bulk(step_bundle, asked, tmp_path)
    assert out.read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers is 0"),
        ({"workers": 1000}, "workers is 1000"),
        ({"batch": 0}, "batch is 0"),
        ({"max_words": 0}, "max_words is 0"),
        ({"allow": {"zebra"}}, "zebra|no word|nothing"),
        ({"engine": "abacus"}, "abacus"),
    ],
)
def test_bad_options_leave_no_file(step_bundle, tmp_path, asked, options, message):
    with pytest.raises(UsageError, match=message):
        bulk(step_bundle, asked, tmp_path / "out.jsonl", **options)
    with pytest.raises(InputFileError, match="cannot read"):
        bulk(step_bundle, tmp_path / "nothing.txt", tmp_path / "out.jsonl")
    assert {path.name for path in tmp_path.iterdir()} == {"prompts.txt"}


def test_chunks_grow_from_few_prompts():
    sizes = {batch: list(itertools.islice(_sizes(batch), 9)) for batch in (None, 20, 5)}
    assert sizes[None] == [16, 16, 32, 32, 64, 64, 128, 128, 128]
    assert sizes[20] == [16, 16, 32, 32, 40, 40, 40, 40, 40]
    assert sizes[5] == [10] * 9


def test_progress_is_reported(step_bundle, tmp_path, asked):
    reports = []
    bulk(step_bundle, asked, tmp_path / "out.jsonl", batch=5, report=reports.append)
    assert [report.lines for report in reports] == sorted({report.lines for report in reports})
    assert (reports[-1].lines, reports[-1].done, reports[-1].left_s) == (150, 1, 0)
    assert all(report.words_per_s > 0 and report.left_s >= 0 for report in reports)

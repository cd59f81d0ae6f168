"""A run that ended early and is resumed: the file is the undisturbed one, or another's file is left alone."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeword.bulk import bulk
from edgeword.bulk.output import locked_output
from edgeword.errors import EdgewordError, InputFileError, UsageError
from tests.runtime.bulk.runs import undisturbed, write_prompts
from tests.runtime.changed import edit_manifest

COUNT = 40
# Chunks of four lines; and of the two engines the one in which the rows beside a text touch its last digits.
ROWS = {"batch": 2, "max_words": 4, "engine": "onnx"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, step_bundle) -> Path:
    """Prompts, one of them of no use, and what an undisturbed run makes of them."""
    folder = tmp_path_factory.mktemp("runs")
    asked = write_prompts(folder / "prompts.txt", COUNT)
    asked.write_bytes(asked.read_bytes() + b"caf\xe9\n")
    bulk(step_bundle, asked, folder / "whole.jsonl", **ROWS)
    return folder


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_that_is_cut_anywhere_is_finished(step_bundle, folder, data):
    whole = (folder / "whole.jsonl").read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    cut = data.draw(st.integers(0, len(whole)) | st.sampled_from(ends))
    out = folder / "cut.jsonl"
    out.write_bytes(whole[:cut])
    result = bulk(step_bundle, folder / "prompts.txt", out, resume=True, **ROWS)
    assert out.read_bytes() == whole
    assert (result.lines, result.errors) == (COUNT + 1, 1)
    assert not (folder / "cut.jsonl.resume").exists()


def test_no_more_than_a_chunk_is_said_twice(step_bundle, folder, tmp_path):
    whole = (folder / "whole.jsonl").read_bytes()
    out = tmp_path / "cut.jsonl"
    for lines, again in ((30, 13), (32, 13), (0, COUNT + 1), (COUNT + 1, 1)):
        out.write_bytes(b"".join(whole.splitlines(keepends=True)[:lines]) + whole[:9])
        if lines == COUNT + 1:
            out.write_bytes(whole)
        result = bulk(step_bundle, folder / "prompts.txt", out, resume=True, **ROWS)
        assert result.words == 4 * (again - 1)


class EndedError(Exception):
    """What ends a run early."""


def ended_early(bundle: Path, asked: Path, out: Path, lines: int, **options) -> None:
    def report(progress) -> None:
        if progress.lines >= lines:
            raise EndedError

    with contextlib.suppress(EndedError):
        bulk(bundle, asked, out, report=report, **options)
    assert out.exists()


DRAWN = {**ROWS, "temperature": 1.0}


def test_a_seed_that_was_drawn_is_kept(step_bundle, folder, tmp_path):
    asked, out = folder / "prompts.txt", tmp_path / "out.jsonl"
    ended_early(step_bundle, asked, out, 10, **DRAWN)
    seed = json.loads((tmp_path / "out.jsonl.resume").read_text(encoding="utf-8"))["options"]["seed"]
    bulk(step_bundle, asked, out, resume=True, **DRAWN)
    assert out.read_bytes() == undisturbed(step_bundle, asked, tmp_path / "whole.jsonl", seed=seed, **DRAWN)
    assert {path.name for path in tmp_path.iterdir()} == {"out.jsonl", "whole.jsonl"}


def test_two_runs_draw_other_words(step_bundle, folder, tmp_path):
    for name in ("one", "two"):
        bulk(step_bundle, folder / "prompts.txt", tmp_path / name, **DRAWN)
    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()


def test_what_was_chosen_stays_chosen(step_bundle, folder, tmp_path):
    """Where nothing else is asked for."""
    asked, out = folder / "prompts.txt", tmp_path / "out.jsonl"
    chosen = {"max_words": 4, "engine": "litert", "precision": "dynamic-int8"}
    ended_early(step_bundle, asked, out, 1, **chosen, batch=2)
    bulk(step_bundle, asked, out, resume=True, max_words=4, batch=2)
    assert {(line["engine"], line["precision"]) for line in map(json.loads, out.open()) if "error" not in line} == {
        ("litert", "dynamic-int8")
    }


OTHERS = {
    "words": ({"max_words": 5}, "begun with max_words 4, not 5"),
    "temperature": ({"temperature": 0.5}, r"begun with temperature 1\.0, not 0\.5"),
    "seed": ({"seed": 2}, "begun with seed 1, not 2"),
    "denied": ({"deny": {"cell"}}, r"begun with deny \[\], not \['cell'\]"),
    "many denied": ({"deny": {f"word {i}" for i in range(99)}}, "begun with another deny; give the same"),
    "engine": ({"engine": "litert"}, "begun with engine onnx, not litert"),
    "precision": ({"precision": "dynamic-int8"}, "begun with precision float32, not dynamic-int8"),
    "batch": ({"batch": 3}, "begun with batch 2, not 3"),
}


@pytest.mark.parametrize(("changed", "message"), OTHERS.values(), ids=OTHERS)
def test_a_run_goes_on_with_its_own_options(step_bundle, folder, tmp_path, changed, message):
    asked, out = folder / "prompts.txt", tmp_path / "out.jsonl"
    options = {**DRAWN, "seed": 1}
    ended_early(step_bundle, asked, out, 10, **options)
    before = out.read_bytes()
    with pytest.raises(UsageError, match=message):
        bulk(step_bundle, asked, out, resume=True, **{**options, **changed})
    assert out.read_bytes() == before


def test_a_run_goes_on_with_its_own_bundle(bundle, folder, tmp_path):
    asked, out = folder / "prompts.txt", tmp_path / "out.jsonl"
    ended_early(bundle, asked, out, 10, **ROWS)
    edit_manifest(bundle, lambda data: data.update(name="another"))
    with pytest.raises(UsageError, match=r"was begun with another bundle; give the same, or choose another --out"):
        bulk(bundle, asked, out, resume=True, **ROWS)


FOREIGN = {
    "other prompts": lambda whole: whole.replace(b'"index": 3', b'"index": 4'),
    "another's text": lambda whole: b"mine",
    "another's lines": lambda whole: b"mine\n" * 3,
    "one line more": lambda whole: whole + whole.splitlines(keepends=True)[0],
    "a piece more": lambda whole: whole + b"mine",
    "other words": lambda whole: (
        whole[: whole.index(b'"words"')].replace(b'"text": "', b'"text": "x')
        + whole[whole.index(b'"words"') : whole.index(b"\n") + 1]
    ),
    "zeros": lambda whole: whole[:900] + bytes(9000) + b"\n",
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_another_file_is_left_as_it_is(step_bundle, folder, tmp_path, change):
    out = tmp_path / "out.jsonl"
    out.write_bytes(content := change((folder / "whole.jsonl").read_bytes()))
    with pytest.raises(InputFileError, match=r"out\.jsonl.*choose another --out"):
        bulk(step_bundle, folder / "prompts.txt", out, resume=True, **ROWS)
    assert out.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_zeros_for_a_torn_line_are_dropped(step_bundle, folder, tmp_path):
    """As a machine that went down may leave them."""
    whole, out = (folder / "whole.jsonl").read_bytes(), tmp_path / "out.jsonl"
    for torn in (whole[: whole.index(b"\n") + 9], whole[: whole.index(b"\n") + 1]):
        out.write_bytes(torn + bytes(4096))
        bulk(step_bundle, folder / "prompts.txt", out, resume=True, **ROWS)
        assert out.read_bytes() == whole


def test_other_words_are_seen_without_a_journal(step_bundle, folder, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_bytes((folder / "whole.jsonl").read_bytes()[:-9])
    with pytest.raises(InputFileError, match="other words than this run says"):
        bulk(step_bundle, folder / "prompts.txt", out, resume=True, **{**ROWS, "max_words": 5})


def test_a_seed_that_is_gone_is_asked_for(step_bundle, folder, tmp_path):
    asked, out = folder / "prompts.txt", tmp_path / "out.jsonl"
    ended_early(step_bundle, asked, out, 10, seed=3, **DRAWN)
    (tmp_path / "out.jsonl.resume").unlink()
    with pytest.raises(UsageError, match=r"is gone; give the seed"):
        bulk(step_bundle, asked, out, resume=True, **DRAWN)
    bulk(step_bundle, asked, out, resume=True, seed=3, **DRAWN)
    assert len(out.read_bytes().splitlines()) == COUNT + 1
    done = bulk(step_bundle, asked, out, resume=True, **DRAWN)
    assert (done.lines, done.errors, done.words) == (COUNT + 1, 1, 0)  # nothing is left to draw


def test_nothing_is_resumed_from_the_beginning(step_bundle, folder, tmp_path):
    """Where there is no file, and where there is an empty one."""
    for _ in range(2):
        bulk(step_bundle, folder / "prompts.txt", tmp_path / "out.jsonl", resume=True, **ROWS)
        assert (tmp_path / "out.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()
        (tmp_path / "out.jsonl").write_bytes(b"")
        (tmp_path / "out.jsonl.resume").write_bytes(b"of a run that was removed")


def test_a_journal_that_cannot_be_read_is_one_line(step_bundle, folder, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_bytes((folder / "whole.jsonl").read_bytes()[:999])
    for content in (b"", b"{}", b"\xff", b'{"bundle": 1}'):
        (tmp_path / "out.jsonl.resume").write_bytes(content)
        with pytest.raises(InputFileError, match=r"cannot read .*\.resume: .*; remove it and"):
            bulk(step_bundle, folder / "prompts.txt", out, resume=True, **ROWS)


def test_two_runs_do_not_write_one_file(step_bundle, folder, tmp_path):
    out = tmp_path / "out.jsonl"
    with locked_output(out, resume=False), pytest.raises(EdgewordError, match="is being written by another run"):
        bulk(step_bundle, folder / "prompts.txt", out, resume=True, **ROWS)

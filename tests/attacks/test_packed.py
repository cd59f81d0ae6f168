"""Packed bundles: one form is read, and what differs from it in a single byte is refused."""

from __future__ import annotations

import io
import os
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from edgeword import Bundle, BundleError, load
from edgeword.bundle.bundle import listed_files
from edgeword.bundle.packed import packed
from edgeword.bundle.store import MANIFEST_FILE
from edgeword.cli.main import main
from tests.attacks.zips import STORED, plan

ENGINES = ("litert", "onnx")
STEP = 1 if os.environ.get("EDGEWORD_FLIPS") == "all" else 31


@pytest.fixture
def contents(window_bundle):
    return Bundle(window_bundle).contents()


@pytest.fixture
def file(contents, tmp_path):
    path = tmp_path / "bundle.edgeword"
    path.write_bytes(packed(contents))
    return path


def read_all(path: Path) -> None:
    """Open a bundle and read every file of it, as `edgeword verify` does before an engine sees a byte."""
    bundle = Bundle(path)
    for entry in listed_files(bundle.manifest):
        bundle.read(entry)


def is_refused(path: Path) -> bool:
    try:
        read_all(path)
    except BundleError as error:
        assert str(path) in str(error) or MANIFEST_FILE in str(error)  # noqa: PT017
        return True
    return False


def frame(contents) -> set[int]:
    """The places of all bytes that are no content."""
    at = plan(contents)
    tail = range(at.size - len(at.end) - len(at.directory), at.size)
    heads = (range(start, start + len(header)) for start, header in zip(at.offsets, at.headers, strict=True))
    return {place for places in (tail, *heads) for place in places}


def test_every_flip_is_refused(file, contents):
    """Of each byte between the contents in any case; of the contents some, or with EDGEWORD_FLIPS=all every one."""
    content = file.read_bytes()
    places = sorted({*frame(contents), *range(0, len(content), STEP)})
    passed = []
    with file.open("r+b", buffering=0) as damaged:
        for place in places:
            os.pwrite(damaged.fileno(), bytes([content[place] ^ 1 << place % 8]), place)
            if not is_refused(file):
                passed.append(place)
            os.pwrite(damaged.fileno(), content[place : place + 1], place)
    print(f"{len(places)} flips, {len(passed)} of them passed")
    assert not passed
    read_all(file)


def test_every_truncation_is_refused(file):
    lengths = range(file.stat().st_size - 1, -1, -STEP)
    passed = []
    for length in lengths:
        os.truncate(file, length)
        if not is_refused(file):
            passed.append(length)
    print(f"{len(lengths)} truncations, {len(passed)} of them passed")
    assert not passed


@pytest.mark.parametrize("attack", STORED)
def test_what_pack_does_not_write_is_refused(attack, contents, tmp_path, capsys):
    path = tmp_path / "hostile.edgeword"
    path.write_bytes(STORED[attack](contents))
    assert main(["verify", str(path)]) in (1, 2)
    out, error = capsys.readouterr()
    assert not out
    assert error.startswith("edgeword: ")
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("attack", STORED)
def test_unpack_writes_nothing_of_it(attack, contents, tmp_path):
    path = tmp_path / "in" / "hostile.edgeword"
    path.parent.mkdir()
    path.write_bytes(STORED[attack](contents))
    assert main(["unpack", str(path), "--out", str(tmp_path / "in" / "out")]) == 2
    assert [*tmp_path.rglob("*")] == [path.parent, path]


def test_six_gigabytes_with_a_small_directory_take_no_memory(file):
    size = file.stat().st_size
    with file.open("r+b") as grown:
        end = grown.read()[-2000:]
        grown.truncate(6 << 30)
        grown.seek((6 << 30) - len(end))
        grown.write(end)
    tracemalloc.start()
    with pytest.raises(BundleError, match="cut off, or no zip"):
        Bundle(file)
    assert tracemalloc.get_traced_memory()[1] < size + (1 << 20)
    tracemalloc.stop()


def test_a_manifest_of_gigabytes_is_refused_unread(tmp_path):
    """A whole and right zip, of a manifest that no device has memory for."""
    path = tmp_path / "large.edgeword"
    large = packed({MANIFEST_FILE: bytes((4 << 20) + 1)})
    path.write_bytes(large)
    del large
    tracemalloc.start()
    with pytest.raises(BundleError, match=r"a manifest\.json of at most 4 MB"):
        Bundle(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe"])
def test_a_pipe_is_refused_at_once(kind, tmp_path):
    path = tmp_path / "pipe.edgeword"
    os.mkfifo(path)
    if kind != "pipe":
        path = tmp_path / "link.edgeword"
        path.symlink_to("pipe.edgeword")
    with pytest.raises(BundleError):
        Bundle(path)


def test_a_pipe_that_takes_the_place_of_a_file_is_refused_at_once(file):
    bundle = Bundle(file)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(BundleError, match="not a regular file"):
        bundle.read(bundle.manifest.tokenizer)


def test_a_file_that_was_replaced_is_refused(file, contents):
    bundle = Bundle(file)
    variant = bundle.manifest.variants[0]
    file.write_bytes(packed({**contents, variant.file: contents[variant.file][::-1]}))
    with pytest.raises(BundleError, match="copy the bundle again"):
        bundle.read(variant)


def test_any_reader_of_zips_reads_it(file, contents):
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        assert archive.namelist()[0] == MANIFEST_FILE


@pytest.mark.parametrize("name", ["step", "replay", "window", "all_precisions"])
def test_pack_and_unpack_give_the_same_folder(name, golden, tmp_path):
    file, again, folder = tmp_path / "a.edgeword", tmp_path / "b.edgeword", tmp_path / "folder"
    assert main(["pack", str(golden / name), str(file)]) == 0
    assert main(["pack", str(file), str(again)]) == 0
    assert main(["unpack", str(file), "--out", str(folder)]) == 0
    assert again.read_bytes() == file.read_bytes()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        path.name: path.read_bytes() for path in (golden / name).iterdir()
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_a_packed_bundle_says_the_same(engine, file, window_bundle):
    with load(window_bundle, engine, "float32") as folder, load(file, engine, "float32") as lm:
        assert lm.generate("the cell", 8).text == folder.generate("the cell", 8).text
        with pickle.loads(pickle.dumps(lm)) as again:  # noqa: S301 (our own)
            assert again.generate("the cell", 8).text == folder.generate("the cell", 8).text
        assert lm.bundle.path == str(file)
        assert lm.bundle.digest == folder.bundle.digest


def test_commands_take_a_packed_bundle(file, tmp_path, capsys):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("the cell\nthe gate\n", encoding="utf-8")
    for words in (
        ["verify", str(file)],
        ["info", str(file)],
        ["generate", str(file), "the cell", "-n", "3"],
        ["suggest", str(file), "the cell"],
        ["evaluate", str(file), str(prompts)],
        ["bulk", str(file), str(prompts), "--out", str(tmp_path / "out.jsonl")],
    ):
        assert main(words) == 0, capsys.readouterr().err
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_what_pack_says_steers_no_terminal(step_bundle, tmp_path, capsys, terminal):
    folder, file = tmp_path / "bundle", tmp_path / "a \x1b[2J.edgeword"
    assert main(["unpack", str(step_bundle), "--out", str(folder)]) == 0
    (folder / "\x1b[31m").write_bytes(b"")
    assert main(["pack", str(folder), str(file)]) == 0
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "$'" in printed.err.splitlines()[-1]


def test_pack_leaves_out_what_is_not_listed_and_replaces_nothing(step_bundle, tmp_path, capsys):
    folder, file = tmp_path / "bundle", tmp_path / "bundle.edgeword"
    assert main(["unpack", str(step_bundle), "--out", str(folder)]) == 0
    (folder / ".DS_Store").write_bytes(b"")
    assert main(["pack", str(folder), str(file)]) == 0
    assert "left out     .DS_Store" in capsys.readouterr().out
    content = file.read_bytes()
    assert main(["pack", str(folder), str(file)]) == 2
    assert "exists; choose another name" in capsys.readouterr().err
    assert file.read_bytes() == content


def test_a_bundle_that_a_zip_cannot_say_stays_a_folder():
    with pytest.raises(BundleError, match="too many files; keep it as a folder"):
        packed({f"{number:040}": b"" for number in range(1000)})
    with pytest.raises(BundleError, match="keep it as a folder"):
        packed({"\udc80": b""})

"""A folder is written whole or not at all, whatever happens on the way."""

import dataclasses
import os
import stat
from pathlib import Path

import pytest

from edgeword.bundle.bundle import Bundle, listed_files
from edgeword.bundle.writing import write_bundle
from edgeword.errors import InputFileError
from edgeword.files import check_output, write_file, write_folder

FILES = {"one.txt": b"first", "two.txt": b"second", "empty": b""}
CRASHES = [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()]
WRITTEN = len(FILES)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(function, turn: int, crash: BaseException):
    """`function`, which raises at its call number `turn`, counted from 1."""
    calls = iter(range(1, 1000))

    def replacement(*arguments, **options):
        if next(calls) == turn:
            raise crash
        return function(*arguments, **options)

    return replacement


def failing_write(turn: int, crash: BaseException):
    """`Path.open` whose file number `turn` raises in the middle of its write."""
    calls = iter(range(1, 1000))

    def replacement(path, mode="r", **options):
        file = open(path, mode, **options)  # noqa: PTH123, SIM115 (Path.open is what is replaced)
        if next(calls) == turn:
            write = file.write

            class Full:
                def __enter__(self):
                    return self

                def __exit__(self, *_):
                    file.close()

                def write(self, content):
                    write(content[: len(content) // 2])
                    file.flush()
                    raise crash

            return Full()
        return file

    return replacement


MOMENTS = {
    **{f"fsync {turn}": (os, "fsync", turn) for turn in range(1, WRITTEN + 2)},
    **{f"open {turn}": (Path, "open", turn) for turn in range(1, WRITTEN + 1)},
    **{f"write {turn}": (Path, "write", turn) for turn in range(1, WRITTEN + 1)},
    "make the staging folder": (Path, "mkdir", 1),
    "rename": (Path, "rename", 1),
}


@pytest.mark.parametrize("crash", CRASHES, ids=lambda crash: type(crash).__name__)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_crash_leaves_nothing(tmp_path, monkeypatch, moment, crash):
    owner, name, turn = moment
    if name == "write":
        monkeypatch.setattr(Path, "open", failing_write(turn, crash))
    else:
        monkeypatch.setattr(owner, name, failing(getattr(owner, name), turn, crash))
    expected = InputFileError if isinstance(crash, OSError) else type(crash)
    with pytest.raises(expected):
        write_folder(tmp_path / "out", FILES)
    monkeypatch.undo()
    assert names(tmp_path) == []


@pytest.mark.parametrize("crash", CRASHES, ids=lambda crash: type(crash).__name__)
def test_a_crash_after_the_rename_leaves_the_whole(tmp_path, monkeypatch, crash):
    monkeypatch.setattr(os, "fsync", failing(os.fsync, WRITTEN + 2, crash))
    with pytest.raises((InputFileError, type(crash))):
        write_folder(tmp_path / "out", FILES)
    assert names(tmp_path) == ["out"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == FILES


def test_every_file_and_folder_is_flushed(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_ino))
    write_folder(tmp_path / "out", FILES)
    wanted = [tmp_path / "out" / name for name in FILES] + [tmp_path / "out", tmp_path]
    assert flushed == [path.stat().st_ino for path in wanted]


def test_the_message_says_what_happened(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "rename", failing(Path.rename, 1, OSError(28, "No space left on device")))
    with pytest.raises(InputFileError, match=r"cannot write .*out: No space left on device"):
        write_folder(tmp_path / "out", FILES)


def test_an_error_without_a_reason_of_the_system_is_told_too(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "rename", failing(Path.rename, 1, OSError("the disk is gone")))
    with pytest.raises(InputFileError, match="the disk is gone"):
        write_folder(tmp_path / "out", FILES)


def test_a_bundle_is_written_as_it_is_read(step_bundle, tmp_path):
    first = Bundle(step_bundle)
    files = {entry.file: first.read(entry) for entry in listed_files(first.manifest)}
    write_bundle(tmp_path / "copy", first.manifest, files)
    second = Bundle(tmp_path / "copy")
    assert second.manifest == first.manifest
    assert names(tmp_path / "copy") == names(step_bundle)
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o755


def test_a_manifest_that_cannot_be_written_leaves_nothing(step_bundle, tmp_path):
    manifest = dataclasses.replace(Bundle(step_bundle).manifest, training={"loss": float("nan")})
    with pytest.raises(ValueError, match="Out of range"):
        write_bundle(tmp_path / "out", manifest, FILES)
    assert names(tmp_path) == []


def an_empty_folder(path: Path) -> None:
    path.mkdir()


def a_file(path: Path) -> None:
    path.write_text("mine")


def a_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [an_empty_folder, a_file, a_dangling_link])
def test_what_exists_is_not_overwritten(tmp_path, make):
    make(tmp_path / "out")
    before = os.lstat(tmp_path / "out")
    with pytest.raises(InputFileError, match="out exists; choose another --out or remove it first"):
        write_folder(tmp_path / "out", FILES)
    assert os.lstat(tmp_path / "out") == before
    assert names(tmp_path) == ["out"]


def test_what_appears_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    fsync = os.fsync

    def somebody_is_faster(descriptor):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "theirs").touch()
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", somebody_is_faster)
    with pytest.raises(InputFileError, match="cannot write"):
        write_folder(tmp_path / "out", FILES)
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["theirs"]


def test_a_missing_parent_is_named(tmp_path):
    with pytest.raises(InputFileError, match=r"the folder .*missing does not exist; make it first"):
        check_output(tmp_path / "missing" / "out")


def test_a_parent_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputFileError, match=r"the folder .*file does not exist"):
        write_folder(tmp_path / "file" / "out", FILES)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc, in which not even root can write")
def test_a_parent_without_permission_is_named():
    with pytest.raises(InputFileError, match="cannot write /proc/self/out"):
        write_folder("/proc/self/out", FILES)


def test_a_parent_that_may_not_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputFileError, match="no permission in"):
        check_output(tmp_path / "out")


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="File name too long"):
        write_folder(tmp_path / ("x" * 300), FILES)
    assert names(tmp_path) == []


def test_a_relative_path_is_beside_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_folder("out", FILES)
    assert names(tmp_path / "out") == sorted(FILES)
    assert names(tmp_path) == ["out"]


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_new_is_as_the_umask_has_it(tmp_path, umask):
    write_file(tmp_path / "report", b"new")
    write_folder(tmp_path / "out", FILES)
    assert mode(tmp_path / "report") == mode(tmp_path / "out" / "one.txt") == 0o666 & ~umask
    assert mode(tmp_path / "out") == 0o777 & ~umask


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o664])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, umask, kept):
    (tmp_path / "report").write_bytes(b"old")
    (tmp_path / "report").chmod(kept)
    write_file(tmp_path / "report", b"new")
    assert ((tmp_path / "report").read_bytes(), mode(tmp_path / "report")) == (b"new", kept)
    assert names(tmp_path) == ["report"]


@pytest.mark.parametrize("write", [lambda path: write_file(path, b"new"), lambda path: write_folder(path, FILES)])
def test_a_link_under_the_temporary_name_is_not_followed(tmp_path, monkeypatch, write):
    monkeypatch.setattr(os, "urandom", bytes)
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / ".out.00000000").symlink_to("victim")
    with pytest.raises(InputFileError, match="File exists"):
        write(tmp_path / "out")
    assert (tmp_path / "victim").read_bytes() == b"mine"
    assert names(tmp_path) == [".out.00000000", "victim"]

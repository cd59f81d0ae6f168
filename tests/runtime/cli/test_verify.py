"""`edgeword verify`: digests, engines, and its exit codes."""

import os
from pathlib import Path

import pytest

from edgeword import MissingEngineError
from edgeword.bundle.bundle import Bundle
from edgeword.cli.main import main
from edgeword.engines.engine import Engine
from tests.runtime.changed import edit_manifest, replace_file
from tests.runtime.cli.lines import one_line
from tests.runtime.damaged import damage, damage_all


@pytest.mark.parametrize("name", ["step", "replay", "window", "all_precisions"])
def test_verify_passes_a_whole_bundle(request, capsys, name):
    path = request.getfixturevalue(f"{name}_bundle")
    assert main(["verify", str(path)]) == 0
    captured = capsys.readouterr()
    first, *rows = captured.out.splitlines()
    manifest = Bundle(path).manifest
    assert captured.err == ""
    assert first == f"digests      {2 + len(manifest.variants)} files are what was exported"
    assert sorted(row.split()[:2] for row in rows) == sorted(["passed", variant.file] for variant in manifest.variants)
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

"""`edgeword info`: what a bundle holds, and what is taken here and why."""

import json

import pytest

from edgeword import EdgewordWarning, EngineError, load
from edgeword.bundle.bundle import Bundle
from edgeword.cli.main import main
from tests.runtime.damaged import damage, damage_all


def test_info_says_what_a_bundle_holds(run, step_bundle):
    code, out, err = run("info", "STEP")
    assert (code, err) == (0, "")
    manifest = Bundle(step_bundle).manifest
    for fact in (manifest.name, manifest.proof.reason, "42 ids", "texts of any length", "state_0 [1, 32]"):
        assert fact in out
    for variant in manifest.variants:
        assert any({variant.format, variant.precision} <= set(line.split()) for line in out.splitlines())
    assert "next" not in out


def test_info_of_a_bundle_without_state(run):
    code, out, _ = run("info", "WINDOW")
    assert code == 0
    assert any(line.split() == ["state", "none"] for line in out.splitlines())
    assert "pre-padded windows of 12" in out


def test_info_as_json_is_the_manifest(run, step_bundle):
    code, out, err = run("info", "STEP", "--json")
    assert (code, err) == (0, "")
    said, manifest = json.loads(out), json.loads((step_bundle / "manifest.json").read_text(encoding="utf-8"))
    assert said.pop("signature") is None
    del manifest["sha256"]
    assert said == manifest


def here(out: str) -> list[str]:
    """What info says of this machine."""
    lines = out.splitlines()
    return lines[next(index for index, line in enumerate(lines) if line.startswith("here: ")) :]


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

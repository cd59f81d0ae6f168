"""Hostile files in a bundle: each is refused by name, before it is read and before an engine sees a byte."""

from pathlib import Path

import pytest

from edgeword import BundleError, load
from edgeword.bundle.bundle import Bundle
from edgeword.bundle.writing import write_bundle
from edgeword.engines.engine import Engine
from tests.attacks.bundle_files import ATTACKS, Attack


@pytest.mark.parametrize(("attack", "fragment"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_by_name(bundle: Path, monkeypatch: pytest.MonkeyPatch, attack: Attack, fragment: str) -> None:
    attack(bundle)
    monkeypatch.setattr(Engine, "open", None)
    with pytest.raises(BundleError) as caught:
        load(bundle)
    assert fragment in str(caught.value)
    assert len(str(caught.value)) < 400


def test_what_could_not_be_read_is_not_written(
    step_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Bundle(step_bundle).manifest
    monkeypatch.setattr("edgeword.bundle.limits.TOKENIZER_BYTES", 100)
    with pytest.raises(BundleError, match="may have 0 to 100"):
        write_bundle(tmp_path / "new", manifest, {})
    assert list(tmp_path.iterdir()) == []

"""A manifest around a plan, for tests that need no bundle on disk."""

from __future__ import annotations

from edgeword.bundle.manifest import FORMAT_VERSION, FileEntry, Manifest, SelfTest
from edgeword.bundle.spec import FirstWord, Window
from edgeword_export.proof.decode_mode import Plan
from edgeword_export.source.keras_model import NextWordModel


def manifest_of(source: NextWordModel, window: Window, plan: Plan) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION,
        name="test",
        created="2026-01-01T00:00:00Z",
        edgeword_version="0",
        vocabulary=source.vocabulary,
        decode=plan.decode,
        window=window,
        state=plan.states,
        empty_prompt=FirstWord(1, -1.0),
        tokenizer=FileEntry("tokenizer.json", 0, ""),
        files=(),
        variants=(),
        training={},
        evaluation={},
        self_test=SelfTest((1,), (1,), (-1.0,)),
    )

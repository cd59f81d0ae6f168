"""The two lines that make a model stepped."""

from __future__ import annotations

from edgeword.bundle.bundle import Bundle
from tests import tiny
from tests.docs.documents import ROOT, blocks
from tests.export.conftest import export_tiny

__all__ = ["export_tiny"]


def test_the_two_lines_make_a_model_stepped(export_tiny):
    block = next(block for block in blocks(ROOT / "docs" / "your-model.md", "python") if "mask_zero" in block)
    space = {"vocabulary": tiny.VOCABULARY}
    exec(compile(block, "your-model.md", "exec"), space)  # noqa: S102 (our own document)
    path = export_tiny(space["model"], formats=["tflite"], precisions=["float32"])
    assert Bundle(path).spec.decode.mode == "step"

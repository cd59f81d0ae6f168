"""The two lines that make a model stepped: those of the notebook, whose bundle is stepped (test_notebook.py)."""

from __future__ import annotations

from edgeword_export.source.keras_model import inspect_model
from tests.docs.documents import ROOT, blocks

NOTEBOOK = (ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8")


def test_the_two_lines_are_those_of_the_notebook_s_model():
    block = next(block for block in blocks(ROOT / "docs" / "your-model.md", "python") if "mask_zero" in block)
    space: dict[str, object] = {"vocabulary": 50}
    exec(compile(block, "your-model.md", "exec"), space)  # noqa: S102 (our own document)
    model = inspect_model(space["model"])
    assert (model.length, model.vocabulary) == (None, 50)
    for line in ("layers.Input((None,))", "mask_zero=True"):
        assert line in block
        assert line in NOTEBOOK

"""docs/notebook.ipynb, its cells run one after the other: from the live model to words."""

from __future__ import annotations

import json
from pathlib import Path

import edgeword_export

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.ipynb"


def test_the_notebook_runs_and_its_bundle_says_the_notebook_s_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # One format and one precision: what it shows is shown, in half the time.
    whole = edgeword_export.export
    monkeypatch.setattr(
        edgeword_export,
        "export",
        lambda *given, precisions, **options: whole(*given, formats=["tflite"], precisions=precisions[:1], **options),
        raising=False,
    )
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    space: dict[str, object] = {}
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), space)  # noqa: S102 (the notebook's own)
    exported, generate = space["exported"], space["generate"]
    assert exported.manifest.convention.from_ == "witness"
    assert exported.manifest.spec.decode.mode == "step"
    with exported.load() as lm:
        for prompt in ("the state is", "a device"):
            assert f"{prompt} {lm.generate(prompt, max_words=5).text}" == generate(prompt)
    shown = exported._repr_html_()
    assert shown.count("<tr>") == 1 + len(exported.manifest.variants)
    assert "<td>float32</td>" in shown
    assert repr(exported) == "<Exported 'bundle': model.float32.tflite>"

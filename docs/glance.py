"""The README's picture: a word of model A by the ways that docs/benchmarks.md measured, read from that page."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

_FOLDER = Path(__file__).parent
# A way as the page names it, and as the picture does.
_WAYS = (
    ("notebook: pad_sequences + model.predict", "the notebook: pad_sequences + model.predict"),
    ("Keras' ONNX export, padded window, float32", "Keras' own ONNX export, ONNX Runtime"),
    ("tf.function with XLA on the padded window", "tf.function with XLA"),
    ("**edgeword onnx, float32**", "edgeword, ONNX Runtime, float32"),
    ("**edgeword litert, float32**", "edgeword, LiteRT, float32"),
    ("**edgeword litert, dynamic-int8**", "edgeword, LiteRT, dynamic-int8"),
)
_OURS, _OTHERS, _INK = "#0072b2", "#b8bec6", "#333b45"


def measured(page: str) -> list[tuple[float, str]]:
    """Milliseconds a word by each way, of the page's first model, and its words; ValueError for a missing way."""
    section = page.partition("### Model A")[2].partition("### Model B")[0]
    found = []
    for way, _ in _WAYS:
        row = re.search(rf"^\| {re.escape(way)} \|(?:[^|]*\|){{2}} ([^|]*) \| ([\d,.]+) ", section, re.MULTILINE)
        if row is None:
            raise ValueError(f"docs/benchmarks.md has no row {way!r} for model A")
        found.append((float(row[2].replace(",", "")) / 1e3, row[1]))
    return found


def main() -> None:
    """Draw it."""
    rows = measured((_FOLDER / "benchmarks.md").read_text(encoding="utf-8"))
    times = [time for time, _ in rows]
    mpl.rcParams.update({"font.family": "sans-serif", "font.size": 10, "text.color": _INK})
    figure = Figure(figsize=(8.2, 2.5), layout="constrained")
    axes = figure.subplots()
    names = [name for _, name in _WAYS]
    bars = axes.barh(names, times, color=[_OURS if name.startswith("edgeword") else _OTHERS for name in names])
    axes.bar_label(bars, [f" {time:#.2g} ms" if time < 10 else f" {time:.0f} ms" for time in times])
    for place, (_, words) in enumerate(rows):
        said = words.replace("% agree", " % of the words").replace("the same", "the same words")
        axes.text(max(times) * 1.3, place, said, va="center")
    axes.invert_yaxis()
    axes.set_xlim(0, max(times) * 1.75)
    axes.set_title("Milliseconds a word: vocabulary 10,000, LSTM of 512 units", loc="left", fontsize=10)
    axes.xaxis.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(left=False)
    figure.savefig(_FOLDER / "pictures" / "at-a-glance.png", dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    main()

"""The learning curve, as a picture."""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, ScalarFormatter

from edgeword_train.fitting.history import History

DPI = 120


def draw_learning_curve(history: History, kept: int) -> bytes:
    """The learning curve as a PNG."""
    picture = io.BytesIO()
    learning_curve(history, kept).savefig(picture, format="png", dpi=DPI)
    return picture.getvalue()


def learning_curve(history: History, kept: int) -> Figure:
    """Perplexity by epoch, on a log scale, on the text trained on and on held-out text."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    epochs = [row.epoch for row in history]
    axes.plot(epochs, [row.perplexity for row in history], "o-", label="train, with dropout", markersize=4)
    axes.plot(epochs, [row.held_out for row in history], "s-", label="held out", markersize=4)
    axes.axvline(kept, color="gray", linestyle=":", label=f"kept: epoch {kept}")
    axes.set(xlabel="epoch", ylabel="perplexity (log scale)", title="Learning curve")
    _scale_axes(axes)
    axes.legend()
    return figure


def _scale_axes(axes: Axes) -> None:
    """Whole epochs, and perplexities at 1, 2 and 5 of each power of ten, in plain figures."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(visible=True, alpha=0.3)

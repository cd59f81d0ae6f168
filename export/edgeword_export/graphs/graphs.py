"""Which graphs a model can be written as: `step` where every operation takes single time steps, else `window`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeword.bundle.spec import DecodeMode, State, Window
from edgeword_export.errors import ModelError, NotSteppableError
from edgeword_export.graphs.rows import alone, with_rows
from edgeword_export.graphs.signature import PLAIN, Signatures
from edgeword_export.graphs.step_graph import StepModel
from edgeword_export.graphs.window_graph import window_signature
from edgeword_export.keras_files.refusals import first_line
from edgeword_export.source.keras_model import NextWordModel


@dataclass(frozen=True)
class Graphs:
    """What goes into the files, whatever the decode mode turns out to be."""

    name: DecodeMode
    signatures: Signatures
    window: Window
    """As these graphs read it."""
    states: tuple[State, ...] = ()
    """As the layers themselves begin."""
    padded_states: tuple[State, ...] = ()
    """As they are after a window of padding but for one token, where the model reads padding as words."""
    reason: str = ""
    """Why there is no step graph; empty where there is one."""


def graphs_of(source: NextWordModel, window: Window, windowed: bool) -> Graphs:
    """The graphs of a model; raises ModelError where only the window graph would do and its length is not known."""
    try:
        return step_graphs(source, window, windowed)
    except NotSteppableError as error:
        return window_graphs(source, window, str(error))


def step_graphs(source: NextWordModel, window: Window, windowed: bool) -> Graphs:
    """`step` and `advance`; raises NotSteppableError naming what needs more than one time step."""
    model = StepModel(source, alone(PLAIN))
    window = dataclasses.replace(window, masked=model.passes_by(window.padding.value))
    try:
        model.signatures()[0].traced().get_concrete_function()
    except NotSteppableError:
        raise
    except Exception as error:  # each layer refuses in its own way
        raise NotSteppableError(f"the model does not take a single time step ({first_line(error)})") from None
    starts = [state.start for state in model.states]
    reads_padding = windowed and not window.masked and window.padding.side == "pre" and window.length
    padded = _after_padding(model, window.padding.value, (window.length or 1) - 1) if reads_padding else starts
    return Graphs(
        "step",
        with_rows(lambda style: StepModel(source, style).signatures(), source.vocabulary),
        window,
        _states(model, starts),
        _states(model, padded),
    )


def window_graphs(source: NextWordModel, window: Window, reason: str) -> Graphs:
    """`window`, with the reason why it is not `step`; raises ModelError where there is no window to fill."""
    if window.length is None:
        raise ModelError(without_window(reason))
    if not window.fills:
        raise ModelError(
            f"{reason}, so it needs a window of one length, and short texts are shown to it without padding"
        )
    signatures = with_rows(lambda style: [window_signature(source, window, style)], source.vocabulary)
    return Graphs("window", signatures, window, reason=reason)


def without_window(reason: str) -> str:
    """What to do about a model of any length that has to be decoded by `window`."""
    return f"{reason}, so it needs a window; say with --window L how many words it was trained on"


def _states(model: StepModel, starts: Sequence[NDArray[np.float32]]) -> tuple[State, ...]:
    pairs = zip(model.states, starts, strict=True)
    return tuple(State(state.name, state.start.shape, _compact(start)) for state, start in pairs)


def _after_padding(model: StepModel, token: int, count: int) -> list[NDArray[np.float32]]:
    """The states after `count` padding tokens: what a model trained on unmasked padding begins from."""
    advance = tf.function(model.signatures()[1].call, autograph=False)
    states = {state.name: tf.constant(state.start) for state in model.states}
    for _ in range(count):
        after = advance({"token": tf.constant([token], tf.int32), **states})
        states = {name: after[f"next_{name}"] for name in states}
    return [states[state.name].numpy() for state in model.states]


def _compact(start: NDArray[np.float32]) -> tuple[float, ...]:
    """All values, or the one that they all have."""
    values = start.reshape(-1).tolist()
    return (values[0],) if len(set(values)) == 1 else tuple(values)

"""The decode mode, chosen by proof: step where stepping says the model's own words, else window."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from edgeword.decoding import decoder_factory
from edgeword.engines import engine_of
from edgeword.manifest import Decode, Fidelity, Manifest, State, Window
from edgeword_export.errors import ModelError, NotSteppableError
from edgeword_export.fidelity import Yardstick
from edgeword_export.formats import Writer
from edgeword_export.keras_model import NextWordModel
from edgeword_export.quiet import quiet
from edgeword_export.signature import Signatures
from edgeword_export.step_graph import StepModel
from edgeword_export.window_graph import window_signature

MIN_AGREEMENT = 0.999


@dataclass(frozen=True)
class Plan:
    """Which graphs go into the files and how they are decoded."""

    decode: Decode
    signatures: Signatures
    states: tuple[State, ...]


def plan_step(source: NextWordModel, window: Window, windowed: bool) -> Plan:
    """The step graph, begun where the padding leaves it; raises NotSteppableError."""
    model = StepModel(source)
    padded = windowed and not window.masked and window.padding.side == "pre"
    starts = (
        _after_padding(model, window.length - 1)
        if padded and window.length
        else [state.start for state in model.states]
    )
    reason = "each word needs the state and the word before it"
    return Plan(Decode("step", "step", reason, None), _step_signatures(source), _states(model, starts))


def plan_replay(source: NextWordModel, reason: str, agreement: float | None) -> Plan:
    """The step graph, run over the padded window for every word."""
    model = StepModel(source)
    states = _states(model, [state.start for state in model.states])
    return Plan(Decode("window", "step", reason, agreement), _step_signatures(source), states)


def plan_window(source: NextWordModel, window: Window, reason: str) -> Plan:
    """The window graph; raises ModelError where the window's length is not known."""
    if window.length is None:
        raise ModelError(f"{reason}, so it needs a window; say with --window L how many words it was trained on")
    return Plan(Decode("window", "window", reason, None), lambda style: [window_signature(source, window, style)], ())


def _states(model: StepModel, starts: Sequence[np.ndarray]) -> tuple[State, ...]:
    pairs = zip(model.states, starts, strict=True)
    return tuple(State(state.name, state.start.shape, _compact(start)) for state, start in pairs)


def _step_signatures(source: NextWordModel) -> Signatures:
    return lambda style: StepModel(source, style).signatures()


def choose(
    source: NextWordModel,
    yardstick: Yardstick,
    requested: str,
    writer: Callable[[Plan], Writer],
    manifest_of: Callable[[Plan], Manifest],
) -> tuple[Plan, Writer]:
    """Take `step` if its float32 file says the Keras model's words, else `window` and why."""
    window, windowed = yardstick.reference.window, yardstick.reference.windowed
    try:
        if requested == "window":
            plan = plan_replay(source, "asked for with --decode window", None)
            return plan, writer(plan)
        plan = plan_step(source, window, windowed)
    except NotSteppableError as error:
        if requested == "step":
            raise ModelError(f"--decode step: {error}; leave --decode out") from None
        plan = plan_window(source, window, str(error))
        return plan, writer(plan)
    written = writer(plan)
    fidelity = _prove(written, manifest_of(plan), yardstick)
    decode = dataclasses.replace(plan.decode, reason=_proof(fidelity), agreement=fidelity.top1_agreement)
    if requested == "step" or (fidelity.top1_agreement >= MIN_AGREEMENT and fidelity.same_greedy_words):
        return dataclasses.replace(plan, decode=decode), written
    reason = f"{_proof(fidelity)}: its words depend on where the padded window begins"
    plan = plan_replay(source, reason, fidelity.top1_agreement)
    return plan, writer(plan)


def _prove(writer: Writer, manifest: Manifest, yardstick: Yardstick) -> Fidelity:
    content = writer.write("float32")
    with quiet():
        make_decoder = decoder_factory(engine_of(writer.format).open(content, threads=1), manifest)
    return yardstick.measure(make_decoder)


def _proof(fidelity: Fidelity) -> str:
    words = "and the same greedy words" if fidelity.same_greedy_words else "but other greedy words"
    return (
        f"stepping names the model's word at {fidelity.top1_agreement:.1%} of {fidelity.positions} positions, {words}"
    )


def _after_padding(model: StepModel, count: int) -> list[np.ndarray]:
    """The states after `count` padding tokens: what a model trained on unmasked padding begins from."""
    advance = tf.function(model.signatures()[1].call)
    states = {state.name: tf.constant(state.start) for state in model.states}
    for _ in range(count):
        after = advance({"token": tf.zeros((1,), tf.int32), **states})
        states = {name: after[f"next_{name}"] for name in states}
    return [states[state.name].numpy() for state in model.states]


def _compact(start: np.ndarray) -> tuple[float, ...]:
    """All values, or the one that they all have."""
    values = start.reshape(-1).tolist()
    return (values[0],) if len(set(values)) == 1 else tuple(values)

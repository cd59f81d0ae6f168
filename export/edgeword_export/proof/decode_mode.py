"""The decode mode, by proof: `step` where stepping is the same model, else `window`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from edgeword.bundle.manifest import Fidelity, Proof
from edgeword.bundle.spec import EMPTY_PROMPT_IDS, Decode, EmptyPrompt, Spec, State
from edgeword.errors import BundleError, EngineError, GateError
from edgeword.probabilities import log_softmax
from edgeword_export.errors import ConversionError, ModelError
from edgeword_export.formats.writer import Writer
from edgeword_export.graphs.graphs import Graphs, window_graphs, without_window
from edgeword_export.graphs.signature import PLAIN
from edgeword_export.proof.gates import gate_failure
from edgeword_export.proof.prover import Prover
from edgeword_export.witness.reference import Reference

Writers = Mapping[str, Writer]
"""By format; the first is the one that the decode mode is proven with."""


@dataclass(frozen=True)
class Decoding:
    """How the files are decoded, and why."""

    spec: Spec
    proof: Proof
    graphs: Graphs
    writers: Writers


@dataclass(frozen=True)
class _Way:
    """A decode mode that is tried: its graphs, and what its decoder has to know."""

    graphs: Graphs
    writers: Writers
    decode: Decode
    states: tuple[State, ...] = ()


@dataclass(frozen=True)
class _Tried:
    """What came of it: the float32 file's fidelity, and why it is not the Keras model, if so."""

    fidelity: Fidelity | None
    failure: str | None


def decide(graphs: Graphs, prover: Prover, writers_of: Callable[[Graphs], Writers], requested: str) -> Decoding:
    """Take the first way whose float32 file passes for the Keras model: `step`, its replay, the window graph.

    Raises ModelError for what cannot be decoded as requested, GateError where no way says the model's words.
    """
    if graphs.name == "window" and requested == "step":
        raise ModelError(f"--decode step: {graphs.reason}; leave --decode out")
    stepped: _Tried | None = None
    reason = "asked for with --decode window" if requested == "window" else graphs.reason
    for way in _ways(graphs, prover.reference, writers_of, requested):
        spec = _spec(prover.reference, way)
        tried = _tried(way, spec, prover)
        if way.decode.mode == "step":
            stepped, reason = tried, _found(tried)
        if tried.failure is None:
            agreement = stepped.fidelity.top1_agreement if stepped and stepped.fidelity else None
            return Decoding(spec, Proof(reason, agreement), way.graphs, way.writers)
        if way.decode.mode == "step":
            reason = _refused_step(tried, prover.reference, requested)
        elif way.decode.graph == "step":
            reason = f"{reason}; replayed, {tried.failure}"
    raise GateError(f"no graph says what the Keras model says ({reason}): {tried.failure}")


def _ways(
    graphs: Graphs, reference: Reference, writers_of: Callable[[Graphs], Writers], requested: str
) -> Iterator[_Way]:
    """What is tried, in turn."""
    writers = writers_of(graphs)
    if graphs.name == "step":
        if requested != "window":
            yield _Way(graphs, writers, Decode("step", "step"), graphs.padded_states)
        yield _Way(graphs, writers, Decode("window", "step"), graphs.states)
        if not graphs.window.fills:
            return  # what is not filled up has no one length
        graphs = window_graphs(reference.source, reference.window, "")
        writers = writers_of(graphs)
    yield _Way(graphs, writers, Decode("window", "window"))


def _refused_step(tried: _Tried, reference: Reference, requested: str) -> str:
    """Why it is `window`; raises what ends the export where it cannot be."""
    reason = _found(tried)
    if requested == "step":
        raise GateError(f"--decode step: {reason}; leave --decode out")
    if tried.fidelity is not None:
        reason = f"{reason}: its words depend on where the padded window begins"
    if reference.window.length is None:
        raise ModelError(without_window(reason))
    return reason


def _tried(way: _Way, spec: Spec, prover: Prover) -> _Tried:
    """Measure the float32 file of the first format that there is one of."""
    first, *others = way.writers.values()
    tried = _measured(first, spec, prover)
    for writer in others:
        if tried.fidelity is None:
            tried = _measured(writer, spec, prover)
    return tried


def _measured(writer: Writer, spec: Spec, prover: Prover) -> _Tried:
    try:
        fidelity = prover.measure(writer.format, writer.write("float32"), spec).fidelity
    except (ConversionError, EngineError, BundleError) as error:
        return _Tried(None, str(error))
    return _Tried(fidelity, gate_failure("float32", fidelity))


def _spec(reference: Reference, way: _Way) -> Spec:
    window = way.graphs.window
    empty = reference.empty_prompt
    if not np.isfinite(empty.logprobs).all():
        empty = _empty_prompt(way.graphs, reference)
    return Spec(reference.source.vocabulary, way.decode, window, way.states, empty)


def _empty_prompt(graphs: Graphs, reference: Reference) -> EmptyPrompt:
    """The graph's own answer to nothing but padding, where Keras' is NaN; no word before another if that is as well."""
    last = np.zeros(reference.source.vocabulary, np.float32)
    if graphs.name == "window":
        windows = reference.window.padding.windows([[]], reference.window.length or 1)
        logits = np.asarray(graphs.signatures(PLAIN)[0].call({"ids": tf.constant(windows)})["logits"])[0]
        last = logits if np.isfinite(logits).all() else last
    logprobs = log_softmax(last)
    ids = np.argsort(-logprobs, kind="stable")[:EMPTY_PROMPT_IDS]
    return EmptyPrompt(tuple(ids.tolist()), tuple(logprobs[ids].tolist()))


def _found(tried: _Tried) -> str:
    """How stepping compares with the Keras model."""
    fidelity = tried.fidelity
    if fidelity is None:
        return f"there is no file of the step graph ({tried.failure})"
    words = "and the same greedy words" if fidelity.same_greedy_words else "but other greedy words"
    off = f", and is off by up to {fidelity.max_logprob_difference:.2g} nats" if tried.failure else ""
    return (
        f"stepping names the model's word at {fidelity.top1_agreement:.1%} of {fidelity.positions} positions, {words}"
        f"{off}"
    )

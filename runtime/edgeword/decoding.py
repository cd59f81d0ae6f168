"""Decoding: what the next word is, given the words so far.

Three ways, one protocol. `StepDecoder` carries the state along: O(1) a word. `ReplayDecoder` runs the padded
window through the step graph, for causal models whose words depend on where the window begins: O(window) a
word, but no loop in the graph and no second copy of the weights. `WindowDecoder` runs the window graph, for
models that are not causal.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeword.engines import Buffers, Engine, Graph
from edgeword.errors import BundleError
from edgeword.manifest import Manifest, State

# exp(88.7) is the largest that float32 holds; the sum over a vocabulary of 4 million has to fit as well.
_EXP_IS_SAFE = 60.0

Array = NDArray[Any]
Prediction = tuple[int, float]
"""The greedy next token and its natural log-probability."""


class Decoder(Protocol):
    """The words so far, and what comes next."""

    def begin(self, ids: Sequence[int]) -> None:
        """Forget all and read a context; an empty one stands for a window of nothing but padding."""
        ...

    def push(self, token: int) -> None:
        """Append one token to the context."""
        ...

    def predict(self) -> Prediction:
        """The greedy next token after the context."""
        ...

    def logits(self) -> Array:
        """The logits `[V]` behind the last `predict`: a view that the next call overwrites."""
        ...


class StepGraphs:
    """The graphs `step` and `advance` of one engine, and the state between them.

    Several decoders may share it: the one that runs is the owner, and its state is saved when another takes
    over.
    """

    def __init__(self, engine: Engine, manifest: Manifest) -> None:
        states = manifest.state
        step, advance = engine.graph("step"), engine.graph("advance")
        self._graphs = (step, advance)  # the buffers below are theirs
        _check_shape("logits", step.outputs, (1, manifest.vocabulary))
        for graph, state in itertools.product(self._graphs, states):
            _check_shape(state.name, graph.inputs, state.shape)
            _check_shape(f"next_{state.name}", graph.outputs, state.shape)
        self.start = [start_values(state) for state in states]
        self.logits = step.outputs["logits"].reshape(-1)
        self._after_padding = [self.start]
        self._state = self.start
        self._owner: _StepClient | None = None
        # Looked up once: these are touched for every word.
        self._run_step, self._step_token = step.run, step.inputs["token"]
        self._run_advance, self._advance_token = advance.run, advance.inputs["token"]
        self._predicted = _prediction_of(step)
        self._into_step, self._from_step = _state_buffers(step, states)
        self._into_advance, self._from_advance = _state_buffers(advance, states)

    def own(self, client: _StepClient) -> None:
        """Make `client` the one whose state is here."""
        if self._owner is client:
            return
        if self._owner is not None:
            self._owner.saved = self.save()
        self.restore(client.saved)
        self._owner = client

    def save(self) -> list[Array]:
        """A copy of the state."""
        return [array.copy() for array in self._state]

    def restore(self, state: list[Array]) -> None:
        """Go on from a saved state, which is read and never written."""
        self._state = state

    def after_padding(self, token: int, count: int) -> list[Array]:
        """The state after `count` padding tokens, computed once each."""
        while len(self._after_padding) <= count:
            self.restore(self._after_padding[-1])
            self.advance(token)
            self._after_padding.append(self.save())
        return self._after_padding[count]

    def advance(self, token: int) -> None:
        """Read one token without asking what comes next."""
        for source, target in zip(self._state, self._into_advance):  # noqa: B905 (strict costs time here)
            np.copyto(target, source)
        self._advance_token[0] = token
        self._run_advance()
        self._state = self._from_advance

    def step(self, token: int) -> Prediction:
        """Read one token and say what comes next."""
        for source, target in zip(self._state, self._into_step):  # noqa: B905 (strict costs time here)
            np.copyto(target, source)
        self._step_token[0] = token
        self._run_step()
        self._state = self._from_step
        return self._predicted()


class _StepClient:
    """A decoder that keeps its state in shared step graphs."""

    def __init__(self, graphs: StepGraphs, manifest: Manifest) -> None:
        self.saved = graphs.start
        self._graphs = graphs
        self._empty_prompt = (manifest.empty_prompt.id, manifest.empty_prompt.logprob)

    def logits(self) -> Array:
        """See `Decoder.logits`."""
        return self._graphs.logits


class StepDecoder(_StepClient):
    """One graph run a word, with the state carried along."""

    _pending: int | None = None
    _prediction: Prediction

    def __init__(self, graphs: StepGraphs, manifest: Manifest) -> None:
        super().__init__(graphs, manifest)
        window = manifest.window
        # Keras passes a masked position by: the state stays, and so does the prediction.
        self._masked = window.padding.value if window.masked else None

    def begin(self, ids: Sequence[int]) -> None:
        """See `Decoder.begin`."""
        self._graphs.own(self)
        self._graphs.restore(self._graphs.start)
        self._pending, self._prediction = None, self._empty_prompt
        for token in ids:
            self.push(token)

    def push(self, token: int) -> None:
        """See `Decoder.push`."""
        if token == self._masked:
            return
        if self._pending is not None:
            self._graphs.own(self)
            self._graphs.advance(self._pending)
        self._pending = token

    def predict(self) -> Prediction:
        """See `Decoder.predict`."""
        if self._pending is not None:
            self._graphs.own(self)
            self._prediction = self._graphs.step(self._pending)
            self._pending = None
        return self._prediction


class _WholeContext:
    """A decoder that reads its window anew for every word."""

    def __init__(self, manifest: Manifest) -> None:
        self._window, self._length = manifest.window, _window_length(manifest)
        self._ids: list[int] = []

    def begin(self, ids: Sequence[int]) -> None:
        """See `Decoder.begin`."""
        self._ids = list(ids)

    def push(self, token: int) -> None:
        """See `Decoder.push`."""
        self._ids.append(token)

    def _padded(self) -> NDArray[np.int32]:
        return self._window.padding.window(self._ids, self._length)


class ReplayDecoder(_WholeContext, _StepClient):
    """The padded window through the step graph, from its beginning, for every word."""

    def __init__(self, graphs: StepGraphs, manifest: Manifest) -> None:
        _WholeContext.__init__(self, manifest)
        _StepClient.__init__(self, graphs, manifest)

    def predict(self) -> Prediction:
        """See `Decoder.predict`."""
        ids = self._padded().tolist()
        if self._window.masked:
            ids = [token for token in ids if token != self._window.padding.value]
        if not ids:
            return self._empty_prompt
        self._graphs.own(self)
        padded = self._leading_padding(ids)
        self._graphs.restore(self._graphs.after_padding(self._window.padding.value, padded))
        for token in ids[padded:-1]:
            self._graphs.advance(token)
        return self._graphs.step(ids[-1])

    def _leading_padding(self, ids: list[int]) -> int:
        value = self._window.padding.value
        return next((index for index, token in enumerate(ids[:-1]) if token != value), len(ids) - 1)


class WindowDecoder(_WholeContext):
    """The window graph on the padded window, for every word."""

    def __init__(self, graph: Graph, manifest: Manifest) -> None:
        super().__init__(manifest)
        self._graph = graph
        self._predicted = _prediction_of(graph)

    def predict(self) -> Prediction:
        """See `Decoder.predict`."""
        self._graph.inputs["ids"][0] = self._padded()
        self._graph.run()
        return self._predicted()

    def logits(self) -> Array:
        """See `Decoder.logits`."""
        return self._graph.outputs["logits"].reshape(-1)


def decoder_factory(engine: Engine, manifest: Manifest) -> Callable[[], Decoder]:
    """Load the graphs of the bundle's decode mode; each call of the result makes a decoder on them."""
    decode = manifest.decode
    if (decode.mode, decode.graph) == ("window", "window"):
        window = engine.graph("window")
        _check_shape("ids", window.inputs, (1, _window_length(manifest)))
        _check_shape("logits", window.outputs, (1, manifest.vocabulary))
        return lambda: WindowDecoder(window, manifest)
    decoders: dict[tuple[str, str], type[StepDecoder | ReplayDecoder]] = {
        ("step", "step"): StepDecoder,
        ("window", "step"): ReplayDecoder,
    }
    if (decode.mode, decode.graph) not in decoders:
        raise BundleError(f"decode mode {decode.mode!r} on graph {decode.graph!r} is unknown; export the bundle again")
    if decode.mode == "window":
        _window_length(manifest)
    decoder, graphs = decoders[decode.mode, decode.graph], StepGraphs(engine, manifest)
    return lambda: decoder(graphs, manifest)


def log_softmax(logits: Array) -> Array:
    """Natural log-probabilities from logits along their last axis, shifted by the largest."""
    shifted = logits - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def logprob_of(logits: Array, token: int) -> float:
    """Natural log-probability of one token under logits `[V]`."""
    return float(log_softmax(logits)[token])


def _prediction_of(graph: Graph) -> Callable[[], Prediction]:
    """How the greedy word is read from a graph: its own argmax, or NumPy's where it puts out logits alone."""
    if "next_token" in graph.outputs:
        token, logprob = graph.outputs["next_token"], graph.outputs["logprob"]
        return lambda: (token.item(0), logprob.item(0))
    logits = graph.outputs["logits"].reshape(-1)
    powers = np.empty_like(logits)

    def greedy() -> Prediction:
        best = int(logits.argmax())
        largest = logits.item(best)
        # Log softmax at its maximum: max - log Σ exp(logits), shifted only where float32 needs it.
        if -_EXP_IS_SAFE < largest < _EXP_IS_SAFE:
            return best, largest - math.log(np.exp(logits, out=powers).sum())
        np.exp(np.subtract(logits, largest, out=powers), out=powers)
        return best, -math.log(powers.sum())

    return greedy


def _state_buffers(graph: Graph, states: Sequence[State]) -> tuple[list[Array], list[Array]]:
    return [graph.inputs[s.name] for s in states], [graph.outputs[f"next_{s.name}"] for s in states]


def _window_length(manifest: Manifest) -> int:
    if manifest.window.length is None:
        raise BundleError("decode mode 'window' needs a window.length; export the bundle again")
    return manifest.window.length


def _check_shape(name: str, buffers: Buffers, shape: tuple[int, ...]) -> None:
    """Refuse a file whose tensors are not those of the manifest: numpy would broadcast some of them."""
    found = buffers[name].shape if name in buffers else None
    if found != shape:
        raise BundleError(
            f"the model's {name} has the shape {found} and the manifest says {shape}; export the bundle again"
        )


def start_values(state: State) -> Array:
    """A state as the graph begins, float32."""
    array = np.zeros(state.shape, np.float32)
    try:
        array.reshape(-1)[:] = state.start
    except ValueError:
        raise BundleError(f"the start of {state.name} does not fill {state.shape}; export the bundle again") from None
    return array

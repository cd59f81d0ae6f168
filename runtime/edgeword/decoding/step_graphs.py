"""The graphs `step` and `advance` of a loaded variant."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeword.bundle.spec import Spec, State
from edgeword.decoding.decoder import Prediction
from edgeword.decoding.shared import SharedGraphs, prediction_of
from edgeword.decoding.signatures import checked_graph
from edgeword.engines.engine import Graph, LoadedVariant
from edgeword.errors import BundleError
from edgeword.probabilities import Array


class StepGraphs(SharedGraphs):
    """Functions of a state and a token; what they return stands in the graphs' buffers until the next one runs."""

    def __init__(self, loaded: LoadedVariant, spec: Spec) -> None:
        step, advance = (checked_graph(loaded, name, spec) for name in ("step", "advance"))
        self._graphs = (step, advance)  # the buffers below are theirs
        self.start: Sequence[Array] = [start_values(state) for state in spec.states]
        self.logits = step.outputs["logits"].reshape(-1)
        """Of the last `step`."""
        # Looked up once: these are touched for every word.
        self._run_step, self._step_token = step.run, step.inputs["token"]
        self._run_advance, self._advance_token = advance.run, advance.inputs["token"]
        self._prediction = prediction_of(step)
        self.before_step, self.after_step = _state_buffers(step, spec.states)
        self._into_advance, self._after_advance = _state_buffers(advance, spec.states)

    def advance(self, state: Sequence[Array], token: int) -> Sequence[Array]:
        """The state after a token, without asking what comes next."""
        for source, target in zip(state, self._into_advance):  # noqa: B905 (strict costs time here)
            np.copyto(target, source)
        self._advance_token[0] = token
        self._run_advance()
        return self._after_advance

    def step(self, state: Sequence[Array], token: int) -> Prediction:
        """Read a token and say what comes next; the state goes from `before_step` to `after_step`."""
        for source, target in zip(state, self.before_step):  # noqa: B905 (strict costs time here)
            np.copyto(target, source)
        self._step_token[0] = token
        self._run_step()
        return self._prediction()


def start_values(state: State) -> Array:
    """A state as the graph begins, float32."""
    array = np.zeros(state.shape, np.float32)
    try:
        array.reshape(-1)[:] = state.start
    except ValueError:
        raise BundleError(f"the start of {state.name} does not fill {state.shape}; export the bundle again") from None
    return array


def _state_buffers(graph: Graph, states: Sequence[State]) -> tuple[list[Array], list[Array]]:
    return [graph.inputs[s.name] for s in states], [graph.outputs[f"next_{s.name}"] for s in states]

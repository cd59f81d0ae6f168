"""What the graphs of a spec take and put out: one table, against which every loaded graph is held whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgeword.bundle.spec import Spec
from edgeword.engines.engine import Buffers, Graph, LoadedVariant
from edgeword.errors import EngineError
from edgeword.frozen import frozen
from edgeword.model_files.layout import Tensor, Tensors


@frozen
class Signature:
    """A graph by the names of its tensors: no input and no output is missing, and there is none more."""

    inputs: Tensors
    outputs: Tensors
    optional: Sequence[Tensors] = ()
    """Outputs that come together or not at all."""


def _prediction() -> Tensors:
    return {"next_token": Tensor("int32", (1,)), "logprob": Tensor("float32", (1,))}


def _logits(spec: Spec) -> Tensors:
    return {"logits": Tensor("float32", (1, spec.vocabulary))}


def _states(spec: Spec, prefix: str = "") -> Tensors:
    return {f"{prefix}{state.name}": Tensor("float32", state.shape) for state in spec.states}


def _token(spec: Spec) -> Tensors:
    return {"token": Tensor("int32", (1,)), **_states(spec)}


def _step(spec: Spec) -> Signature:
    return Signature(_token(spec), {**_logits(spec), **_states(spec, "next_")}, (_prediction(),))


def _advance(spec: Spec) -> Signature:
    """Of its own, or `step`, which stands in for it."""
    return Signature(_token(spec), _states(spec, "next_"), (_logits(spec), _prediction()))


def _window(spec: Spec) -> Signature:
    ids = {"ids": Tensor("int32", (1, spec.window.length or 1))}
    return Signature(ids, _logits(spec), (_prediction(),))


SIGNATURES: Mapping[str, Callable[[Spec], Signature]] = {"step": _step, "advance": _advance, "window": _window}


def checked_graph(loaded: LoadedVariant, name: str, spec: Spec) -> Graph:
    """A graph of a loaded variant; raises EngineError for one whose tensors are not all those of the spec."""
    return checked(loaded.graph(name), name, spec)


def checked(graph: Graph, name: str, spec: Spec, rows: int = 1) -> Graph:
    """The graph itself, of so many rows; raises EngineError where its tensors are not all those of the spec."""
    expected = SIGNATURES[name](spec)
    outputs = dict(expected.outputs)
    for group in expected.optional:
        if not group.keys().isdisjoint(graph.outputs):
            outputs.update(group)
    for kind, tensors, buffers in (("input", expected.inputs, graph.inputs), ("output", outputs, graph.outputs)):
        problem = _problem(kind, _of_rows(tensors, rows), buffers)
        if problem:
            raise EngineError(f"the model's graph {name!r} {problem}; export the bundle again")
    return graph


def _of_rows(tensors: Tensors, rows: int) -> Tensors:
    """Those of several rows, of which the first axis is; what the spec says is one."""
    if rows == 1:
        return tensors
    return {name: Tensor(tensor.dtype, (rows, *tensor.shape[1:])) for name, tensor in tensors.items()}


def _problem(kind: str, expected: Tensors, buffers: Buffers) -> str | None:
    """What does not fit: numpy would broadcast and convert some of it."""
    for name in expected:
        if name not in buffers:
            return f"misses the {kind} {name!r}"
    for name, buffer in buffers.items():
        if name not in expected:
            return f"has the {kind} {name!r}, which the spec does not know"
        found = Tensor(buffer.dtype.name, buffer.shape)
        if found != expected[name]:
            return f"has the {kind} {name!r} as {found}, and the spec says {expected[name]}"
    return None

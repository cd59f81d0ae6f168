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


def _prediction(rows: int) -> Tensors:
    return {"next_token": Tensor("int32", (rows,)), "logprob": Tensor("float32", (rows,))}


def _logits(spec: Spec, rows: int) -> Tensors:
    return {"logits": Tensor("float32", (rows, spec.vocabulary))}


def _states(spec: Spec, rows: int, prefix: str = "") -> Tensors:
    """Their shapes in the spec are those of one row, whatever their first axis is."""
    shapes = {state.name: state.shape if rows == 1 else (rows, *state.shape[1:]) for state in spec.states}
    return {f"{prefix}{name}": Tensor("float32", shape) for name, shape in shapes.items()}


def _token(spec: Spec, rows: int) -> Tensors:
    return {"token": Tensor("int32", (rows,)), **_states(spec, rows)}


def _step(spec: Spec, rows: int) -> Signature:
    outputs = {**_logits(spec, rows), **_states(spec, rows, "next_")}
    return Signature(_token(spec, rows), outputs, (_prediction(rows),))


def _advance(spec: Spec, rows: int) -> Signature:
    """Of its own, or `step`, which stands in for it."""
    optional = (_logits(spec, rows), _prediction(rows))
    return Signature(_token(spec, rows), _states(spec, rows, "next_"), optional)


def _window(spec: Spec, rows: int) -> Signature:
    ids = {"ids": Tensor("int32", (rows, spec.window.length or 1))}
    return Signature(ids, _logits(spec, rows), (_prediction(rows),))


SIGNATURES: Mapping[str, Callable[[Spec, int], Signature]] = {"step": _step, "advance": _advance, "window": _window}


def checked_graph(loaded: LoadedVariant, name: str, spec: Spec) -> Graph:
    """A graph of a loaded variant, one row; raises EngineError as `check_graph`."""
    graph = loaded.graph(name)
    check_graph(graph, name, spec)
    return graph


def check_graph(graph: Graph, name: str, spec: Spec, rows: int = 1) -> None:
    """Raise EngineError for a graph whose tensors are not all those of the spec, with so many rows."""
    expected = SIGNATURES[name](spec, rows)
    outputs = dict(expected.outputs)
    for group in expected.optional:
        if not group.keys().isdisjoint(graph.outputs):
            outputs.update(group)
    for kind, tensors, buffers in (("input", expected.inputs, graph.inputs), ("output", outputs, graph.outputs)):
        problem = _problem(kind, tensors, buffers)
        if problem:
            raise EngineError(f"the model's graph {name!r} {problem}; export the bundle again")


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

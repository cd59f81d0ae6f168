"""The decode mode, by proof: `step` where stepping is the same model, else `window`."""

from __future__ import annotations

from dataclasses import dataclass

from edgeword.bundle.manifest import Fidelity, Proof
from edgeword.bundle.spec import Decode, Spec, State
from edgeword.errors import GateError
from edgeword_export.errors import ModelError
from edgeword_export.formats.writer import Writer
from edgeword_export.graphs.graphs import Graphs, without_window
from edgeword_export.proof.gates import gate_failure
from edgeword_export.proof.prover import Prover
from edgeword_export.witness.reference import Reference

MIN_AGREEMENT = 0.999


@dataclass(frozen=True)
class Decoding:
    """How the files are decoded, and why."""

    spec: Spec
    proof: Proof


def decide(graphs: Graphs, prover: Prover, writer: Writer, requested: str) -> Decoding:
    """Take `step` if its float32 file passes for the Keras model, else `window` and why.

    Raises ModelError for what cannot be decoded as requested, GateError where `step` was and says other words.
    """
    reference = prover.reference
    if graphs.name == "window":
        if requested == "step":
            raise ModelError(f"--decode step: {graphs.reason}; leave --decode out")
        return Decoding(_spec(reference, Decode("window", "window"), ()), Proof(graphs.reason, None))
    replayed = Decode("window", "step")
    if requested == "window":
        return Decoding(_spec(reference, replayed, graphs.states), Proof("asked for with --decode window", None))
    stepped = _spec(reference, Decode("step", "step"), graphs.padded_states)
    fidelity = prover.measure(writer.format, writer.write("float32"), stepped).fidelity
    if fidelity.top1_agreement >= MIN_AGREEMENT and gate_failure("float32", fidelity) is None:
        return Decoding(stepped, Proof(_found(fidelity), fidelity.top1_agreement))
    if requested == "step":
        raise GateError(f"--decode step: {_found(fidelity)}; leave --decode out")
    reason = f"{_found(fidelity)}: its words depend on where the padded window begins"
    if reference.window.length is None:
        raise ModelError(without_window(reason))
    return Decoding(_spec(reference, replayed, graphs.states), Proof(reason, fidelity.top1_agreement))


def _spec(reference: Reference, decode: Decode, states: tuple[State, ...]) -> Spec:
    return Spec(reference.source.vocabulary, decode, reference.window, states, reference.empty_prompt)


def _found(fidelity: Fidelity) -> str:
    words = "and the same greedy words" if fidelity.same_greedy_words else "but other greedy words"
    return (
        f"stepping names the model's word at {fidelity.top1_agreement:.1%} of {fidelity.positions} positions, {words}"
    )

"""A file proven: loaded as a device loads it, measured against the Keras model, its self-test recorded."""

from __future__ import annotations

from dataclasses import dataclass

from edgeword.bundle.manifest import Fidelity, SelfTest
from edgeword.bundle.seal import digest
from edgeword.bundle.spec import Spec
from edgeword.choice.self_test import self_test_logprobs
from edgeword.decoding.factory import Decoders
from edgeword.engines.engine import engine_of
from edgeword.generation.speaking import Speaker
from edgeword.generation.witness import witness_failure
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword_export.proof.fidelity import Yardstick
from edgeword_export.quiet import quiet
from edgeword_export.source.evaluation import Evaluation
from edgeword_export.witness.settling import Settled

SELF_TEST_WORDS = 16


@dataclass(frozen=True)
class Measured:
    """What a file answers on the engine that runs its format."""

    version: str
    """Package and version of the engine."""
    fidelity: Fidelity
    misreads_prompts: bool
    """Whether its graphs disagree about a text: `step` and `advance`, or one row and several."""
    self_test: tuple[float, ...]
    """Its log-probabilities of the self-test's ids."""


class Prover:
    """The Keras model's own answers, and files held beside them."""

    def __init__(self, settled: Settled, evaluation: Evaluation, tokenizer: AnyTokenizer) -> None:
        self.reference = reference = settled.reference
        self._settled, self._tokenizer = settled, tokenizer
        self.evaluation = evaluation
        self.yardstick = Yardstick(reference, evaluation, tokenizer.oov_id)
        prompt = evaluation.prompts()[-1]
        ids, logprobs = reference.greedy(prompt, SELF_TEST_WORDS)
        self.self_test = SelfTest(prompt, tuple(ids), tuple(logprobs))
        self._measured: dict[tuple[str, Spec], Measured] = {}

    def measure(self, file_format: str, content: bytes, spec: Spec) -> Measured:
        """A file's answers, computed once for each way of decoding it; raises EngineError or BundleError."""
        key = (digest(content), spec)
        if key not in self._measured:
            self._measured[key] = self._measure(file_format, content, spec)
        return self._measured[key]

    def witness_failure(self, file_format: str, content: bytes, spec: Spec) -> str | None:
        """The first of the owner's answers that a file does not give, spoken as a device speaks it; None without."""
        speaker = Speaker(
            _decoders(file_format, content, spec)[1].decoder, self._tokenizer, spec.vocabulary, self._settled.convention
        )
        return witness_failure(speaker, self._tokenizer, self._settled.answers)

    def _measure(self, file_format: str, content: bytes, spec: Spec) -> Measured:
        version, decoders = _decoders(file_format, content, spec)
        return Measured(
            version,
            self.yardstick.measure(decoders.decoder, decoders.batch),
            self.yardstick.misreads_prompts(decoders.decoder, decoders.batch),
            self_test_logprobs(decoders.decoder(), self.self_test),
        )


def _decoders(file_format: str, content: bytes, spec: Spec) -> tuple[str, Decoders]:
    """The engine's version, and decoders on a file."""
    with quiet():
        loaded = engine_of(file_format).open(content, threads=1)
        return loaded.version, Decoders(loaded, spec)

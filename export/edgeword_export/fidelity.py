"""Whether a variant still says the Keras model's words: measured, then held against its gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edgeword.decoding import Decoder, log_softmax
from edgeword.manifest import Fidelity
from edgeword.precisions import FLOAT32_ROUNDING_PERCENT, PRECISIONS
from edgeword_export.evaluation import Evaluation
from edgeword_export.reference import LogProbs, Reference

GREEDY_WORDS = 30

# Log-probabilities this near are one number to float32 arithmetic, which rounds in another order in each engine.
_TIE = 1e-5

# Two graphs of one file compute the same; in nats.
_SAME_ARITHMETIC = 1e-3


class Yardstick:
    """The Keras model's answers on one evaluation, computed once and compared with each variant."""

    def __init__(self, reference: Reference, evaluation: Evaluation, oov_id: int | None) -> None:
        self.reference = reference
        self.evaluation = evaluation
        self._oov_id = oov_id
        self._answers = [reference.logprobs(sequence[:-1]) for sequence in evaluation.sequences]
        self._confirmed: dict[tuple[int, ...], bool] = {}
        self.perplexity = self._perplexity(self._answers)

    def measure(self, make_decoder: Callable[[], Decoder]) -> Fidelity:
        """A variant's fidelity; NaN anywhere makes its figures NaN."""
        decoder = make_decoder()
        answers = [_answers(decoder, sequence[:-1]) for sequence in self.evaluation.sequences]
        pairs = list(zip(answers, self._answers, strict=True))
        perplexity = self._perplexity(answers)
        return Fidelity(
            positions=sum(len(answer) for answer in answers),
            max_logprob_difference=max(largest_difference(ours, theirs) for ours, theirs in pairs),
            top1_agreement=agreement(pairs),
            perplexity=perplexity,
            perplexity_increase=(perplexity / self.perplexity - 1) * 100,
            same_greedy_words=all(self._confirms(*_greedy(decoder, p)) for p in self.evaluation.prompts()),
        )

    def misreads_prompts(self, make_decoder: Callable[[], Decoder]) -> bool:
        """Whether a prompt read at once (by `advance`) leads to other logits than one read word by word."""
        decoder = make_decoder()
        for prompt in self.evaluation.prompts():
            word_by_word = _answers(decoder, prompt)[-1]
            decoder.begin(prompt)
            decoder.predict()
            if not np.allclose(log_softmax(decoder.logits()), word_by_word, atol=_SAME_ARITHMETIC):
                return True
        return False

    def _perplexity(self, answers: Sequence[LogProbs]) -> float:
        """Exp of the mean negative log-probability of the tokens that came, unknown words left out."""
        logprobs = [
            float(row[target])
            for answer, sequence in zip(answers, self.evaluation.sequences, strict=True)
            for row, target in zip(answer, sequence[1:], strict=True)
            if target != self._oov_id
        ]
        return float(np.exp(-np.mean(logprobs))) if logprobs else float("nan")

    def _confirms(self, prompt: tuple[int, ...], words: list[int]) -> bool:
        """Whether the Keras model, led along these words, would have said each of them, or one as probable."""
        text = (*prompt, *words)
        if text not in self._confirmed:
            answers = self.reference.logprobs(text[:-1])[len(prompt) - 1 :]
            said = np.take_along_axis(answers, np.asarray(words)[:, None], axis=-1)[:, 0]
            self._confirmed[text] = bool((answers.max(-1) - said <= _TIE).all())
        return self._confirmed[text]


def agreement(pairs: Sequence[tuple[LogProbs, LogProbs]]) -> float:
    """Share of positions with the same most probable word."""
    same = np.concatenate([ours.argmax(-1) == theirs.argmax(-1) for ours, theirs in pairs])
    return float(same.mean())


def gate_failure(precision: str, fidelity: Fidelity, max_increase: float | None = None) -> str | None:
    """Why a variant must not be shipped, or None; `max_increase` in percent moves its gate."""
    if not np.isfinite([fidelity.perplexity, fidelity.max_logprob_difference]).all():
        return "it answers NaN or infinity"
    if precision == "float32" and not fidelity.same_greedy_words:
        return f"its greedy words are not the Keras model's (top-1 agreement {fidelity.top1_agreement:.2%})"
    gate = max(PRECISIONS[precision].max_perplexity_increase, FLOAT32_ROUNDING_PERCENT)
    limit = gate if max_increase is None else max_increase
    if fidelity.perplexity_increase > limit:
        return f"its perplexity is {fidelity.perplexity_increase:+.2f} %, and at most {limit:g} % is allowed"
    return None


def _answers(decoder: Decoder, ids: Sequence[int]) -> LogProbs:
    """Log-probabilities `[T, V]` after each token."""
    rows = []
    decoder.begin(ids[:1])
    for token in (*ids[1:], None):
        decoder.predict()
        rows.append(decoder.logits().copy())
        if token is not None:
            decoder.push(token)
    return log_softmax(np.stack(rows))


def _greedy(decoder: Decoder, prompt: tuple[int, ...]) -> tuple[tuple[int, ...], list[int]]:
    decoder.begin(prompt)
    words = []
    for _ in range(GREEDY_WORDS):
        token, _ = decoder.predict()
        words.append(token)
        decoder.push(token)
    return prompt, words


def largest_difference(ours: LogProbs, theirs: LogProbs) -> float:
    """Over the words that either side gives at least the float32 rounding of a probability of 1."""
    likely = np.maximum(ours, theirs) > np.log(np.finfo(np.float32).eps)
    return float(np.abs(ours - theirs)[likely].max(initial=0.0)) if np.isfinite(ours).all() else float("nan")

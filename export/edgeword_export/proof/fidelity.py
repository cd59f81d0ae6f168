"""How far a decoder is from the Keras model: words, perplexity, log-probabilities."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgeword.bundle.manifest import Fidelity
from edgeword.decoding.batches.batch import BatchDecoder
from edgeword.decoding.decoder import Decoder, Prediction
from edgeword.generation.loop import greedy, logits_along
from edgeword.probabilities import Array, log_softmax, perplexity
from edgeword_export.source.evaluation import Evaluation
from edgeword_export.source.logits import LEAST_LOGPROB
from edgeword_export.witness.reference import LogProbs, Reference

GREEDY_WORDS = 30
ROWS = 32

MakeBatch = Callable[[int], BatchDecoder | None]

# Log-probabilities this near are one number to float32 arithmetic, which rounds in another order in each engine.
_TIE = 1e-5

# Two graphs of one file compute the same; in nats.
_SAME_ARITHMETIC = 1e-3


def one_by_one(_rows: int) -> None:
    """No batch: texts are read one by one."""


class Yardstick:
    """The Keras model's answers on one evaluation, computed once and compared with each variant."""

    def __init__(self, reference: Reference, evaluation: Evaluation, oov_id: int | None) -> None:
        self.reference = reference
        self.evaluation = evaluation
        self._oov_id = oov_id
        self._answers = [reference.logprobs(sequence[:-1]) for sequence in evaluation.sequences]
        self._led: dict[tuple[int, ...], tuple[bool, LogProbs]] = {}
        self.perplexity = self._perplexity(self._answers)

    def measure(self, make_decoder: Callable[[], Decoder], make_batch: MakeBatch = one_by_one) -> Fidelity:
        """A variant's fidelity, log-probabilities along its greedy words too; NaN anywhere makes its figures NaN.

        Where the file has rows, the positions are asked in batches and the words one by one, which proves both.
        """
        decoder = make_decoder()
        answers = answers_to([sequence[:-1] for sequence in self.evaluation.sequences], decoder, make_batch)
        pairs = list(zip(answers, self._answers, strict=True))
        found = self._perplexity(answers)
        spoken = [self._heard(prompt, self._greedy(decoder, prompt)) for prompt in self.evaluation.prompts()]
        differences = [largest_difference(ours, theirs) for ours, theirs in pairs]
        return Fidelity(
            positions=sum(len(answer) for answer in answers),
            max_logprob_difference=float(np.max([*differences, *(heard.difference for heard in spoken)])),
            top1_agreement=agreement(pairs),
            perplexity=found,
            perplexity_increase=(found / self.perplexity - 1) * 100,
            same_greedy_words=all(heard.confirmed for heard in spoken),
        )

    def misreads_prompts(self, make_decoder: Callable[[], Decoder], make_batch: MakeBatch = one_by_one) -> bool:
        """Whether a prompt read at once (by `advance`), or among others, leads to other logits than word by word."""
        decoder, prompts = make_decoder(), self.evaluation.prompts()
        among_others = answers_to(prompts, decoder, make_batch)
        for prompt, batched in zip(prompts, among_others, strict=True):
            word_by_word = _answers(decoder, prompt)[-1]
            decoder.begin(prompt)
            for found in (log_softmax(decoder.logits()), batched[-1]):
                if not np.allclose(found, word_by_word, atol=_SAME_ARITHMETIC):
                    return True
        return False

    def _perplexity(self, answers: Sequence[LogProbs]) -> float:
        """Exp of the mean negative log-probability of the tokens that came, unknown words left out.

        What a float32 probability cannot tell from 0 counts as the smallest: Keras' softmax ends there, logits do not.
        """
        logprobs = [
            max(float(row[target]), LEAST_LOGPROB)
            for answer, sequence in zip(answers, self.evaluation.sequences, strict=True)
            for row, target in zip(answer, sequence[1:], strict=True)
            if target != self._oov_id
        ]
        return perplexity(logprobs)

    def _greedy(self, decoder: Decoder, prompt: tuple[int, ...]) -> list[Prediction]:
        """A decoder's greedy words after a prompt; where the answer is read at the text's end, up to padding.

        No window tells padding that was said from padding that fills it up.
        """
        decoder.begin(prompt)
        window = self.reference.window
        said: list[Prediction] = []
        for prediction in itertools.islice(greedy(decoder), GREEDY_WORDS):
            said.append(prediction)
            if window.reads == "text" and prediction[0] == window.padding.value:
                break
        return said

    def _heard(self, prompt: tuple[int, ...], said: Sequence[Prediction]) -> _Heard:
        """The Keras model led along the words that a decoder said."""
        words, logprobs = zip(*said, strict=True)
        text = (*prompt, *words)
        if text not in self._led:
            answers = self.reference.logprobs(text[:-1])[len(prompt) - 1 :]
            own = np.take_along_axis(answers, np.asarray(words)[:, None], axis=-1)[:, 0]
            self._led[text] = bool((answers.max(-1) - own <= _TIE).all()), own
        confirmed, own = self._led[text]
        return _Heard(confirmed, float(np.abs(np.asarray(logprobs) - own).max()))


@dataclass(frozen=True)
class _Heard:
    """A decoder's greedy words beside the Keras model."""

    confirmed: bool
    """Whether it would have said each of them, or one as probable."""
    difference: float
    """The largest of a word's log-probability."""


def agreement(pairs: Sequence[tuple[LogProbs, LogProbs]]) -> float:
    """Share of positions with the same most probable word."""
    same = np.concatenate([ours.argmax(-1) == theirs.argmax(-1) for ours, theirs in pairs])
    return float(same.mean())


def answers_to(texts: Sequence[Sequence[int]], decoder: Decoder, make_batch: MakeBatch) -> list[LogProbs]:
    """Log-probabilities `[T, V]` after each token of each text; in batches where there are any."""
    batch = make_batch(ROWS)
    if batch is None:
        return [_answers(decoder, text) for text in texts]
    return [found for first in range(0, len(texts), ROWS) for found in _together(batch, texts[first : first + ROWS])]


def _together(batch: BatchDecoder, texts: Sequence[Sequence[int]]) -> list[LogProbs]:
    """Each text in a row of its own."""
    found: list[list[Array]] = [[] for _ in texts]
    for place in range(max(map(len, texts))):
        alive = [row for row, text in enumerate(texts) if place < len(text)]
        for row in alive:
            if place:
                batch.advance(row, texts[row][place])
            else:
                batch.begin(row, texts[row][:1])
        for row in alive:
            found[row].append(batch.row_logits(row))
    return [log_softmax(np.stack(rows)) for rows in found]


def _answers(decoder: Decoder, ids: Sequence[int]) -> LogProbs:
    """Log-probabilities `[T, V]` after each token."""
    decoder.begin(ids[:1])
    return log_softmax(np.stack([*logits_along(decoder, ids[1:]), decoder.logits()]))


def largest_difference(ours: LogProbs, theirs: LogProbs) -> float:
    """Over the words that either side gives at least the float32 rounding of a probability of 1."""
    likely = np.maximum(ours, theirs) > np.log(np.finfo(np.float32).eps)
    return float(np.abs(ours - theirs)[likely].max(initial=0.0)) if np.isfinite(ours).all() else float("nan")

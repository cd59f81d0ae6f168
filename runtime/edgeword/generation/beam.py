"""Beam search: several texts side by side, the most probable ones of each length, and the best of them at the end.

A word's score is its logit, after the penalties, less log Σ exp of the logits before them: without penalties the
model's own log-probability, so that words which may not be said take no part and make no other word likelier. A
text's score is the sum, divided by length ** length_penalty as in fairseq and transformers (Wu et al. 2016 divide
by ((5 + length) / 6) ** length_penalty). No score of a text is below that of the greedy text, whatever the length
penalty: where beams alone would lose the greedy text on the way, it is followed beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from edgeword.decoding.decoder import Decoder
from edgeword.frozen import frozen
from edgeword.generation.options import GenerationOptions
from edgeword.generation.picking import History, Pick, Rules, normalizer
from edgeword.generation.processors import top_k_ids
from edgeword.generation.stopping import StopSearch
from edgeword.tokenizers.kinds import Speller
from edgeword.words.vocabulary import Vocabulary

# The logarithm of a float that leaves room for a score.
_LARGEST_LOGARITHM = 690.0


@frozen
class Hypothesis:
    """A text that is followed, and where the decoder stood before its last word."""

    before: Any
    history: History
    stops: StopSearch
    speller: Speller
    picks: tuple[Pick, ...] = ()
    score: float = 0.0
    """Sum of its words' scores."""
    greedy: bool = True
    """Whether each of its words is the most probable one."""
    stopped: bool = False

    def normalized(self, length_penalty: float, length: int | None = None) -> float:
        """Its score as texts of different lengths are compared; as it would be at another length, if one is given."""
        return self.score / _power(length or len(self.picks) or 1, length_penalty)


def _power(length: int, length_penalty: float) -> float:
    """`length` ** `length_penalty`, or the power nearest to it by which a score can still be divided."""
    furthest = _LARGEST_LOGARITHM / math.log(length) if length > 1 else 1.0
    return math.pow(length, min(max(length_penalty, -furthest), furthest))


class Candidate(NamedTuple):
    """A hypothesis and one more word; `after` is the decoder's snapshot between them."""

    score: float
    pick: Pick
    greedy: bool
    parent: Hypothesis
    after: Any


class BeamSearch:
    """Finds a text of high probability over one decoder, which goes back to earlier states by its snapshots."""

    def __init__(self, decoder: Decoder, options: GenerationOptions, rules: Rules, vocabulary: Vocabulary) -> None:
        self._decoder, self._options, self._rules, self._vocabulary = decoder, options, rules, vocabulary
        self._end_id = vocabulary.end_id
        self._ended: list[Hypothesis] = []

    def find(self, prompt: Sequence[int], *, spaced: bool = False) -> Iterator[Pick]:
        """The words of the best text, up to and with those of its stop text or its end; the decoder stands after them.

        See `Search` for `spaced`.
        """
        speller = self._vocabulary.speller(prompt, spaced=spaced)
        stops = StopSearch(self._options.stop, self._vocabulary.joiner, self._options.min_words)
        history = History(prompt if self._rules.look_back else ())
        running = [Hypothesis(self._decoder.snapshot(), history, stops, speller)]
        for _ in range(self._options.max_words):
            running = self._kept([candidate for each in running for candidate in self._extensions(each)])
            if self._decided(running):
                running = []
                break
        best = max([*self._ended, *running], key=self._normalized)
        self._stand_after(best)
        yield from best.picks

    def _extensions(self, parent: Hypothesis) -> Iterator[Candidate]:
        """The most probable ways to go on, twice as many as beams, for some of them may stop; most probable first."""
        self._stand_after(parent)
        logits = self._decoder.logits()
        whole, after = normalizer(logits, self._decoder.greedy()), self._decoder.snapshot()
        processed = self._rules.apply(logits.copy(), parent.history, len(parent.picks))
        ids = top_k_ids(processed, 2 * self._options.beams)
        ids = ids[processed[ids] > -np.inf]
        if not len(ids):
            self._ended.append(parent)
        for rank, token in enumerate(ids[np.argsort(-processed[ids], kind="stable")].tolist()):
            score = parent.score + processed.item(token) - whole
            pick = (token, logits.item(token) - whole)
            yield Candidate(score, pick, parent.greedy and rank == 0, parent, after)

    def _kept(self, candidates: Iterable[Candidate]) -> list[Hypothesis]:
        """The hypotheses that are followed further: the best ones, and the greedy one; those that stop have ended."""
        running: list[Hypothesis] = []
        beams = self._options.beams
        for rank, candidate in enumerate(sorted(candidates, key=lambda each: -each.score)):
            if len(running) >= beams and not candidate.greedy:
                continue
            child = self._child(candidate)
            if not child.stopped:
                running.append(child)
            elif rank < beams or child.greedy:
                self._ended.append(child)
        return running

    def _child(self, candidate: Candidate) -> Hypothesis:
        parent, pick = candidate.parent, candidate.pick
        history, stops, speller = parent.history, parent.stops, parent.speller
        stopped = pick[0] == self._end_id
        if self._rules.look_back:
            history = history.copy()
            history.add(pick[0])
        if self._options.stop and not stopped:
            stops, speller = stops.copy(), speller.copy()
            stopped = stops.read(speller.say(pick[0])) is not None
        picks = (*parent.picks, pick)
        return Hypothesis(candidate.after, history, stops, speller, picks, candidate.score, candidate.greedy, stopped)

    def _decided(self, running: Sequence[Hypothesis]) -> bool:
        """Whether no running hypothesis can still become better than the best that has ended."""
        if not self._ended or self._rules.penalty < 1:  # a penalty below 1 lifts scores above log-probabilities
            return not running
        reached = max(map(self._normalized, self._ended))
        return all(self._attainable(each) <= reached for each in running)

    def _attainable(self, running: Hypothesis) -> float:
        """A bound: no word adds to a score, and a text grows to the length at which the same score counts most."""
        penalty = self._options.length_penalty
        longest = self._options.max_words
        return running.normalized(penalty, longest if penalty > 0 else min(len(running.picks) + 1, longest))

    def _normalized(self, hypothesis: Hypothesis) -> float:
        return hypothesis.normalized(self._options.length_penalty)

    def _stand_after(self, hypothesis: Hypothesis) -> None:
        self._decoder.restore(hypothesis.before)
        if hypothesis.picks:
            self._decoder.advance(hypothesis.picks[-1][0])

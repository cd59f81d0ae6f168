"""The search for the next words: one entry for greedy, drawn and beam-searched texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from edgeword.decoding.decoder import Decoder
from edgeword.generation.beam import BeamSearch
from edgeword.generation.options import GenerationOptions
from edgeword.generation.picking import Pick, Picker, Rules
from edgeword.generation.stopping import Ending, FinishReason, Said, StopSearch
from edgeword.generation.vocabulary import Vocabulary


class Search:
    """The next words of one text, found one by one as they are asked for; to be gone through once.

    The decoder stands after `prompt` already. A text ends with `finish_reason` `end` where nothing may be said
    any more: each word denied, or impossible after the prompt. Raises
    UsageError for options that leave no word.
    """

    finish_reason: FinishReason = "length"
    """Why the text ended, once it has."""

    def __init__(
        self, decoder: Decoder, prompt: Sequence[int], options: GenerationOptions, vocabulary: Vocabulary
    ) -> None:
        self._decoder, self._prompt, self._options, self._vocabulary = decoder, prompt, options, vocabulary
        self._permitted = vocabulary.permitted(options.allow, options.deny)

    def __iter__(self) -> Iterator[Said]:
        """Each word as (token, the model's own natural log-probability, the word's text)."""
        picks = islice(self._picks(), self._options.max_words)
        if self._options.stop:
            yield from self._until_stop(picks)
            return
        words = self._vocabulary.words
        for token, logprob in picks:
            yield token, logprob, words[token]

    def _until_stop(self, picks: Iterator[Pick]) -> Iterator[Said]:
        options, vocabulary = self._options, self._vocabulary
        ending = Ending(StopSearch(options.stop, vocabulary.joiner, options.min_words), vocabulary.words)
        yield from ending.through(picks)
        if ending.stopped:
            self.finish_reason = "stop"

    def _picks(self) -> Iterator[Pick]:
        yield from self._found()
        self.finish_reason = "end"

    def _found(self) -> Iterator[Pick]:
        if self._options.is_plain_greedy and not self._permitted.phrases:
            return self._greedy()
        if self._options.beams > 1:
            rules = Rules(self._options, self._permitted)
            return BeamSearch(self._decoder, self._options, rules, self._vocabulary).find(self._prompt)
        return self._picked()

    def _greedy(self) -> Iterator[Pick]:
        """The graph's own argmax where it may be said; only where not, the logits are looked at.

        In the loop of a model's owner an id without a word adds nothing to the text, and so comes again for ever:
        where that loop is known, the text ends there.
        """
        # Looked up once: this is the loop that is fastest.
        greedy, advance, permitted = self._decoder.greedy, self._decoder.advance, self._permitted.table
        picker, vocabulary = self._picker(), self._vocabulary
        while True:
            pick = greedy()
            if not permitted[pick[0]]:
                if vocabulary.ends and not vocabulary.words[pick[0]]:
                    return
                found = picker.pick(self._decoder.logits(), pick)
                if found is None:
                    return
                pick = found
            advance(pick[0])
            yield pick

    def _picked(self) -> Iterator[Pick]:
        decoder, picker = self._decoder, self._picker()
        while (pick := picker.pick(decoder.logits(), decoder.greedy())) is not None:
            decoder.advance(pick[0])
            yield pick

    def _picker(self) -> Picker:
        return Picker(self._options, self._permitted, self._prompt)

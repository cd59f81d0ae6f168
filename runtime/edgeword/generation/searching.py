"""The search for the next words: one entry for greedy, drawn and beam-searched texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from typing import TYPE_CHECKING

from edgeword.decoding.decoder import Decoder
from edgeword.generation.options import GenerationOptions
from edgeword.generation.picking import Pick, Picker, Rules
from edgeword.words.vocabulary import Vocabulary

if TYPE_CHECKING:
    from edgeword.generation.stopping import Ending, FinishReason, Said


class Search:
    """The next words of one text, found one by one as they are asked for; to be gone through once.

    The decoder stands after `prompt` already, whose text perhaps ended in white space (`spaced`). A text ends with
    `finish_reason` `end` where the model says its end, which is no word of it, or where nothing may be said any more:
    each word denied, or impossible after the prompt. Raises UsageError for options that leave no word.
    """

    finish_reason: FinishReason = "length"
    """Why the text ended, once it has."""
    has_ended = False
    """Whether the last of its `turns` was given."""

    def __init__(
        self,
        decoder: Decoder,
        prompt: Sequence[int],
        options: GenerationOptions,
        vocabulary: Vocabulary,
        *,
        spaced: bool = False,
    ) -> None:
        self._decoder, self._prompt, self._options, self._vocabulary = decoder, prompt, options, vocabulary
        self._spaced, self._speller = spaced, vocabulary.speller(prompt, spaced=spaced)
        self._permitted = vocabulary.permitted(options.allow, options.deny)

    def __iter__(self) -> Iterator[Said]:
        """Each word as (token, the model's own natural log-probability, the word's text)."""
        if self._options.stop:
            return chain.from_iterable(self.turns())
        return islice(self._found(), self._options.max_words)

    def turns(self) -> Iterator[Sequence[Said]]:
        """After each word that is found, the words that are now part of the text for certain: see `Ending`."""
        ending, left = self._ending(), self._options.max_words
        for said in self._found():
            left -= 1
            certain = ending.take(said) if ending else (said,)
            if ending and ending.stopped:
                self.finish_reason, left = "stop", 0
            elif ending and not left:
                certain = [*certain, *ending.rest()]
            self.has_ended = not left
            yield certain
            if not left:
                return
        self.has_ended = True
        yield ending.rest() if ending else ()

    def _ending(self) -> Ending | None:
        options = self._options
        if not options.stop:
            return None
        from edgeword.generation.stopping import Ending, StopSearch  # most texts end without

        return Ending(StopSearch(options.stop, self._vocabulary.joiner, options.min_words))

    def _found(self) -> Iterator[Said]:
        if self._options.is_plain_greedy and not self._permitted.phrases:
            return self._greedy()
        return self._named(self._beams() if self._options.beams > 1 else self._picked())

    def _beams(self) -> Iterator[Pick]:
        from edgeword.generation.beam import BeamSearch

        rules = Rules(self._options, self._permitted)
        search = BeamSearch(self._decoder, self._options, rules, self._vocabulary)
        return search.find(self._prompt, spaced=self._spaced)

    def _greedy(self) -> Iterator[Said]:
        """The graph's own argmax where it may be said; only where not, the logits are looked at.

        In the loop of a model's owner an id without a word adds nothing to the text, and so comes again for ever:
        where that loop is known, the text ends there.
        """
        # Looked up once, and a generator alone: this is the loop that is fastest.
        greedy, advance, permitted = self._decoder.greedy, self._decoder.advance, self._permitted.table
        picker, words, ends = self._picker(), self._vocabulary.words, self._vocabulary.ends
        say, end_id = self._speller.say, self._vocabulary.end_id
        for index in count():
            token, logprob = greedy()
            if not permitted[token]:
                silent = ends and not words[token]
                found = None if silent else picker.pick(self._decoder.logits(), (token, logprob), index)
                if found is None or found[0] == end_id:
                    break
                token, logprob = found
            advance(token)
            yield token, logprob, say(token)
        self.finish_reason = "end"

    def _picked(self) -> Iterator[Pick]:
        decoder, picker, end_id = self._decoder, self._picker(), self._vocabulary.end_id
        for index in count():
            pick = picker.pick(decoder.logits(), decoder.greedy(), index)
            if pick is None or pick[0] == end_id:
                return
            decoder.advance(pick[0])
            yield pick

    def _named(self, picks: Iterator[Pick]) -> Iterator[Said]:
        say, end_id = self._speller.say, self._vocabulary.end_id
        for token, logprob in picks:
            if token == end_id:
                break
            yield token, logprob, say(token)
        self.finish_reason = "end"

    def _picker(self) -> Picker:
        return Picker(self._options, self._permitted, self._prompt)

"""Many prompts, continued side by side: a row that is done takes the next prompt at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from edgeword.answers import Asked, Generation
from edgeword.decoding.batches.batch import BatchDecoder
from edgeword.generation.options import GenerationOptions, check_text
from edgeword.generation.searching import Search
from edgeword.generation.speaking import Speaker
from edgeword.generation.stopping import Said
from edgeword.sharing import Shared
from edgeword.tokenizers.kinds import AnyTokenizer

# Twice as many texts as one run has rows: while some read their prompts, the others fill a run.
ROWS = 64
# So many answers may wait for an earlier one, for each row; then no prompt is begun until it is there.
_WAITING = 16


class Many:
    """Prompts to a shared model, all asked with the same options, but for the seeds where each has its own."""

    def __init__(
        self,
        shared: Shared,
        tokenizer: AnyTokenizer,
        load_ms: float,
        options: GenerationOptions,
        seeds: Iterator[int] | None = None,
    ) -> None:
        shared.vocabulary.permitted(options.allow, options.deny)  # what leaves no word is refused now
        self._shared, self._tokenizer, self._load_ms, self.options = shared, tokenizer, load_ms, options
        self._seeds = seeds

    def generations(self, prompts: Iterator[str], rows: int) -> Iterator[Generation]:
        """The answers in the order of the prompts, with up to `rows` texts at a time."""
        with self._shared as speaker:
            batch = speaker.batch(rows) if self.options.beams == 1 else None
            if batch is None:
                return map(self._alone, prompts)
            texts = _SideBySide(self, speaker, batch)
            rounds = self._shared.in_turn(texts.rounds())
        return texts.answers(rounds, prompts)

    def ids(self, prompt: str) -> list[int]:
        """A prompt's ids; raises UsageError for what is none."""
        return self._tokenizer.encode(check_text(prompt, "prompt"))

    def asked(self) -> Asked:
        """A prompt is asked now."""
        options = self.options if self._seeds is None else replace(self.options, seed=next(self._seeds))
        return Asked(options, time.perf_counter(), self._load_ms)

    def answer(self, text: _Text) -> Generation:
        """What became of a prompt."""
        heard = text.asked.ended(text.search, text.said, text.first)
        return heard.after(text.prompt, self._tokenizer.oov_rate(text.prompt), self._tokenizer)

    def _alone(self, prompt: str) -> Generation:
        asked, ids = self.asked(), self.ids(prompt)
        with self._shared as speaker:
            heard = asked.heard(speaker.search(ids, asked.options, spaced=prompt[-1:].isspace()))
        return heard.after(prompt, self._tokenizer.oov_rate(prompt), self._tokenizer)


class _Text:
    """A prompt and its words so far."""

    def __init__(self, number: int, prompt: str, asked: Asked, search: Search) -> None:
        self.number, self.prompt, self.asked, self.search = number, prompt, asked, search
        self.said: list[Said] = []
        self.first = 0.0
        """When the first word came."""
        self._turns = search.turns()

    def go_on(self) -> None:
        """Find one word more: its row is answered."""
        self.said += next(self._turns)
        if not self.first and self.said:
            self.first = time.perf_counter()


class _SideBySide:
    """Texts in the rows of a batch. Rounds run in turn with other threads; prompts are read between them."""

    def __init__(self, many: Many, speaker: Speaker, batch: BatchDecoder) -> None:
        self._many, self._speaker, self._batch = many, speaker, batch
        self._texts: dict[int, _Text] = {}
        """By row."""
        self._free = list(range(batch.rows))
        self._done: dict[int, Generation] = {}
        """Answers that wait for earlier ones, by the number of their prompt."""
        self._begun = self._given = 0
        self._failure: Exception | None = None
        """What ended the prompts before their end."""

    def answers(self, rounds: Iterator[None], prompts: Iterator[str]) -> Iterator[Generation]:
        """In the prompts' order; what a prompt raises is raised when those before it are answered."""
        self._begin(prompts)
        for _ in rounds:
            while self._given in self._done:
                self._given += 1
                yield self._done.pop(self._given - 1)
            self._begin(prompts)
        if self._failure is not None:
            raise self._failure

    def rounds(self) -> Iterator[None]:
        """Run the engine once in each, and find a word in each row that it has answered."""
        while self._texts:
            for row in [row for row in self._texts if self._batch.is_ready(row)] or self._batch.run():
                self._go_on(row, self._texts[row])
            yield

    def _go_on(self, row: int, text: _Text) -> None:
        text.go_on()
        if text.search.has_ended:
            self._done[text.number] = self._many.answer(text)
            del self._texts[row]
            self._batch.rest(row)
            self._free.append(row)

    def _begin(self, prompts: Iterator[str]) -> None:
        """Give each free row a prompt."""
        room = self._batch.rows * _WAITING
        while self._free and self._failure is None and self._begun - self._given < room:
            try:
                text = self._text(next(prompts))
            except StopIteration:
                return
            except Exception as error:  # the prompts are the caller's, and raise what they like
                self._failure = error
                return
            self._texts[self._free.pop()] = text
            self._begun += 1

    def _text(self, prompt: str) -> _Text:
        asked, ids = self._many.asked(), self._many.ids(prompt)
        search = self._speaker.row_search(self._batch, self._free[-1], ids, asked.options, spaced=prompt[-1:].isspace())
        return _Text(self._begun, prompt, asked, search)

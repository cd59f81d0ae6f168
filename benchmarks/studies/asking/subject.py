"""Ways of asking a bundle as subjects of the harness: the words are checked first, then whole calls are clocked."""

from __future__ import annotations

import json
import random
import time
import warnings
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import edgeword
from edgeword.bulk import answering
from edgeword.bulk.lines import head_of
from edgeword.bulk.prompts import Chunk, Prompt
from edgeword.bulk.workers import Workers
from edgeword.generation.options import GenerationOptions
from edgeword_bench.measuring.subject import Turn

PROMPTS, LONGEST_PROMPT, WORDS = 64, 20, 20
DRAWN = {"temperature": 0.8, "top_k": 40, "seed": 1}
PRESSES = 50
# Two for each worker: a run is long, and the worker that is done first is not idle for long.
CHUNKS = 4

Call = Callable[[], int]
"""Asks once; the number of words, or of key presses, that a clock is to be divided by."""


@dataclass(frozen=True)
class Asked:
    """A model with prompts of different lengths, in words of its own."""

    lm: edgeword.LanguageModel
    prompts: Sequence[str]

    def one_by_one(self) -> Call:
        """`generate` for each prompt."""
        return lambda: sum(len(self.lm.generate(prompt, WORDS).ids) for prompt in self.prompts)

    def side_by_side(self) -> Call:
        """`generate_many`; raises ValueError where a text is not the one of its prompt alone."""
        alone = [self.lm.generate(prompt, WORDS).words for prompt in self.prompts]
        if [found.words for found in self.lm.generate_many(self.prompts, WORDS)] != alone:
            raise ValueError("says other words side by side than one by one")
        return lambda: sum(len(found.ids) for found in self.lm.generate_many(self.prompts, WORDS))

    def two_workers(self) -> Call:
        """What `edgeword bulk --workers 2` does; raises ValueError where a text is not the one of its prompt alone."""
        alone = [list(self.lm.generate(prompt, WORDS).words) for prompt in self.prompts]
        team = Workers(self.lm, answering.Asked(GenerationOptions(max_words=WORDS), None), 2).__enter__()
        prompts = tuple(Prompt(i, text, head_of({"index": i})) for i, text in enumerate(self.prompts))
        chunks = [Chunk(prompts, None, None)] * CHUNKS
        lines = b"".join(piece.content for _, piece in team.answers(iter(chunks))).splitlines()
        if [json.loads(line)["words"] for line in lines] != CHUNKS * alone:
            raise ValueError("two workers say other words than one text alone")

        def call() -> int:
            return sum(piece.words for _, piece in team.answers(iter(chunks)))

        weakref.finalize(call, team.__exit__, None, None, None)
        return call

    def greedy(self) -> Call:
        """The most probable words after one prompt."""
        return lambda: len(self.lm.generate(self.prompts[0], 10 * WORDS).ids)

    def drawn(self) -> Call:
        """Drawn words after the same prompt; raises ValueError where a seed does not give one text."""
        texts = {self.lm.generate(self.prompts[0], WORDS, **DRAWN).text for _ in range(3)}
        texts |= {found.text for found in self.lm.generate_many([self.prompts[0]] * 3, WORDS, **DRAWN)}
        if len(texts) != 1:
            raise ValueError("one seed gives several texts")
        return lambda: len(self.lm.generate(self.prompts[0], 10 * WORDS, **DRAWN).ids)

    def pressed(self) -> Call:
        """A letter more of a word and what completes it; raises ValueError where that is not `suggest`'s answer."""
        session = self.lm.session(f"{self.prompts[0]} ")
        session.suggest()
        session.feed("w")
        expected = [found.word for found in self.lm.suggest(self.prompts[0], prefix="w")]
        if [found.word for found in session.suggest()] != expected:
            raise ValueError("a session suggests other words than the model")

        def call() -> int:
            for _ in range(PRESSES):
                session.rewind(1)
                for letter in "w1":
                    session.feed(letter)
                    session.suggest()
            return 2 * PRESSES

        return call


class AskingSubject:
    """One way of asking a variant of a bundle, by the method's name."""

    def __init__(self, bundle: str, engine: str, precision: str, way: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a variant is not recommended for
            lm = edgeword.load(bundle, engine, precision)  # type: ignore[arg-type]
        self._call: Call = getattr(Asked(lm, prompts(lm)), way)()
        self.facts: dict[str, Any] = {"library": lm.engine_version}

    def turn(self, words: int) -> Turn:  # noqa: ARG002
        """One call, whatever number of words it says."""
        started = time.perf_counter()
        count = self._call()
        return Turn(((time.perf_counter() - started) * 1e6 / count,))


def prompts(lm: edgeword.LanguageModel) -> list[str]:
    """The same ones every time: one to twenty words of the vocabulary each."""
    drawn = random.Random(0)  # noqa: S311 (no secret)
    words = [word for word in lm.tokenizer.vocabulary if word]
    lengths = [drawn.randint(1, LONGEST_PROMPT) for _ in range(PROMPTS)]
    return [" ".join(drawn.choices(words, k=length)) for length in lengths]


class NotebookSubject:
    """The notebook's loop on the Keras model that a bundle was made of; its words must be the bundle's."""

    def __init__(self, bundle: str, model: str, length: int) -> None:
        import keras

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lm = edgeword.load(bundle, "litert", "float32")
        loaded, self._keras, self._length = keras.models.load_model(model, compile=False), keras, length
        self._answer = lambda window: loaded.predict(window, verbose=0)[0]
        self._prompt = lm.tokenizer.encode(prompts(lm)[0])
        self.facts: dict[str, Any] = {"library": f"keras {keras.__version__}"}
        expected = list(lm.generate(prompts(lm)[0], WORDS).ids)
        if self._loop() != expected:
            raise ValueError("the notebook says other words than the bundle")

    def turn(self, words: int) -> Turn:  # noqa: ARG002
        """One text."""
        started = time.perf_counter()
        self._loop()
        return Turn(((time.perf_counter() - started) * 1e6 / WORDS,))

    def _loop(self) -> list[int]:
        ids = list(self._prompt)
        for _ in range(WORDS):
            window = self._keras.utils.pad_sequences([ids], maxlen=self._length)
            ids.append(int(self._answer(window).argmax()))
        return ids[len(self._prompt) :]

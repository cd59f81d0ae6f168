"""Which convention gives the owner's answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from edgeword.bundle.manifest import Answer
from edgeword.bundle.spec import Window
from edgeword.generation.witness import words_of
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.errors import ModelError
from edgeword_export.source.keras_model import NextWordModel
from edgeword_export.tokenizer_files.vocabularies import fillers
from edgeword_export.witness.answers import telling_prompts
from edgeword_export.witness.conventions import beside, far, near
from edgeword_export.witness.readings import readings
from edgeword_export.witness.reference import Reference

# Log-probabilities this near are one number to float32 arithmetic.
_TIE = 1e-4

# After each prompt that may tell two conventions apart, this over the window's length many words are held against each
# other, and no more than a search's own bound: long windows cost as much.
_POSITIONS_TOLD = 400


@dataclass(frozen=True)
class _Search:
    """How hard a prompt is looked for that tells conventions apart."""

    of_a_length: int
    """Prompts."""
    words: int
    """After each prompt, at most."""
    rivals: int | None
    """The likeliest of them; None for all."""


# The second one is for conventions that nearly always agree: the owner's may be the other one even so.
_SEARCHES = (_Search(6, 20, None), _Search(40, 6, 4))

# So many lengths in a row that do not fit: no longer or shorter one is asked.
_MISSES = 3


@dataclass(frozen=True)
class Heard:
    """An answer as ids: what the model was shown before each word, and the word that it said."""

    answer: Answer
    contexts: tuple[tuple[int, ...], ...]
    words: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """A convention that gives every answer."""

    window: Window
    windowed: bool
    tokenizer: Tokenizer
    """As the loop reads its texts."""
    says_unknown: bool
    """Whether an answer holds the token for unknown words."""
    apart: str | None
    """A prompt at which another convention that gives every answer says something else."""


def heard(answers: Iterable[Answer], tokenizer: Tokenizer) -> list[Heard]:
    """The answers as ids; raises ModelError for a word that the tokenizer cannot say."""
    ids = {tokenizer.word(token): token for token in range(tokenizer.vocab_size) if tokenizer.has_token(token)}
    found = []
    for answer in answers:
        spoken = words_of(answer.text, tokenizer)
        words = [ids.get(word, ids.get(word.lower())) for word in spoken]
        if None in words:
            raise ModelError(
                f"your answer to {answer.prompt!r} holds {spoken[words.index(None)]!r}, which is no word of the "
                "tokenizer; give the tokenizer of the same training"
            )
        said = tuple(word for word in words if word is not None)
        found.append(Heard(answer, _contexts(answer.prompt, said, tokenizer), said))
    return found


def _contexts(prompt: str, said: tuple[int, ...], tokenizer: Tokenizer) -> tuple[tuple[int, ...], ...]:
    """What stands before each word: the prompt and the words so far, as the loop reads its own text again."""
    context = tuple(tokenizer.encode(prompt))
    contexts = []
    for word in said:
        contexts.append(context)
        context = (*context, *tokenizer.reread(word))
    return tuple(contexts)


def find(source: NextWordModel, guess: Reference, answers: Sequence[Answer], tokenizer: Tokenizer) -> Found:
    """The first convention that gives every word of every answer; raises ModelError showing the nearest."""
    trials = _trials(source, guess, answers, tokenizer)
    values = [0, *fillers(tokenizer), *([] if source.blank is None else [source.blank])]
    for tried in trials:
        fitting = tried.fitting(near(source, guess.window, values))
        if fitting:
            return _found(tried, fitting)
    for tried in trials:
        fitting = list(islice(filter(tried.fits, far(source, guess.window, values, tried.longest)), 1))
        if fitting:
            return _found(tried, fitting)
    raise ModelError(max(trials, key=lambda tried: tried.right).nearest())


def _found(tried: _Trials, fitting: Sequence[Window]) -> Found:
    """The first that fits, and where those that fit as well say something else."""
    reference = tried.reference(fitting[0])
    rivals = chain(fitting[1:], *(_in_a_row(tried, each) for each in beside(reference.source, reference.window)))
    others, longest = list(map(tried.reference, rivals)), max(window.length or 0 for window in fitting)
    searches = (_apart(reference, others, search, tried.tokenizer, longest) for search in _SEARCHES)
    apart = next(filter(None, searches), None)
    return Found(reference.window, reference.windowed, tried.tokenizer, tried.holds_unknown, apart)


def _in_a_row(tried: _Trials, windows: Iterable[Window]) -> Iterator[Window]:
    """Those that fit, up to some in a row that do not: what is further away fits no better, and costs minutes."""
    misses = 0
    for window in windows:
        if tried.fits(window):
            misses = 0
            yield window
        else:
            misses += 1
        if misses == _MISSES:
            return


def _trials(source: NextWordModel, guess: Reference, answers: Sequence[Answer], tokenizer: Tokenizer) -> list[_Trials]:
    """One for each way of reading the answers that gives other contexts; the likeliest first."""
    trials: dict[tuple[Heard, ...], _Trials] = {}
    for reading in readings(tokenizer, answers):
        listened = tuple(each for each in heard(answers, reading) if each.words)
        trials.setdefault(listened, _Trials(source, guess, listened, reading))
    return list(trials.values())


class _Trials:
    """Conventions held against the answers, read by one tokenizer."""

    def __init__(
        self, source: NextWordModel, guess: Reference, listened: Sequence[Heard], tokenizer: Tokenizer
    ) -> None:
        self._source, self._guess, self._listened, self.tokenizer = source, guess, listened, tokenizer
        self._firsts = [each.contexts[0] for each in listened]
        self.longest = max(len(each.contexts[-1]) for each in listened)
        self.holds_unknown = any(tokenizer.oov_id in each.words for each in listened)
        self._best: tuple[int, Heard, int, int, Window] | None = None

    def reference(self, window: Window) -> Reference:
        """The model read by a convention."""
        windowed = self._guess.windowed if window == self._guess.window else window.length is not None
        return Reference(self._source, window, windowed)

    def fitting(self, windows: Iterable[Window]) -> list[Window]:
        """Those that give every answer; the first words are asked alone first, as few conventions give these."""
        return [window for window in windows if self.fits(window)]

    def fits(self, window: Window) -> bool:
        """Whether a convention gives every answer."""
        reference = self.reference(window)
        try:
            starts = reference.after(self._firsts)
            wrong = np.flatnonzero(~_said(starts, np.array([each.words[0] for each in self._listened])))
            if len(wrong):
                first = int(wrong[0])
                self._remember(len(starts) - len(wrong), self._listened[first], 0, starts[first], reference.window)
                return False
            return self._gives_rest(reference)
        except Exception as error:  # a length, or a mask, that the model's layers refuse in their own way
            if isinstance(error, (KeyboardInterrupt, MemoryError)):
                raise
            return False

    def _gives_rest(self, reference: Reference) -> bool:
        right = len(self._listened)
        for each in self._listened:
            rows = reference.after(each.contexts)
            wrong = np.flatnonzero(~_said(rows, np.array(each.words)))
            if len(wrong):
                first = int(wrong[0])
                self._remember(right + first, each, first, rows[first], reference.window)
                return False
            right += len(each.words)
        return True

    def _remember(self, right: int, each: Heard, number: int, row: NDArray[np.float32], window: Window) -> None:
        if self._best is None or right > self._best[0]:
            self._best = (right, each, number, int(row.argmax()), window)

    @property
    def right(self) -> int:
        """How far the nearest convention came."""
        return -1 if self._best is None else self._best[0]

    def nearest(self) -> str:
        """The convention that came furthest, and where it failed."""
        tokenizer = self.tokenizer
        if self._best is None:
            return "the model could not be asked by any convention; see that it is the model of these answers"
        _, each, number, got, window = self._best
        expected = tokenizer.word(each.words[number])
        return (
            f"no convention gives your answers; the nearest ({window.text}) says {tokenizer.word(got)!r} where your "
            f"notebook said {expected!r}, word {number + 1} after {each.answer.prompt!r}; were they sampled? only "
            "greedy answers (argmax) of this very model can be a witness"
        )


def _said(rows: NDArray[np.float32], words: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each of N words `[N]` may be the answer that log-probabilities `[N, V]` give."""
    of_words = np.take_along_axis(rows, words[:, None], axis=-1)[:, 0]
    said: NDArray[np.bool_] = of_words >= rows.max(-1) - _TIE
    return said


def _apart(
    reference: Reference, others: Sequence[Reference], search: _Search, tokenizer: Tokenizer, longest: int
) -> str | None:
    """The prompt that tells the convention from the most others that give the same answers, within some words."""
    telling = telling_prompts(tokenizer, longest, search.of_a_length) if others else []
    prompts = [prompt for prompt in telling if tokenizer.encode(prompt)]
    words = min(search.words, 1 + _POSITIONS_TOLD // (reference.window.length or 20))
    said: list[NDArray[np.intp]] = []
    contexts = [[tuple(tokenizer.encode(prompt)) for prompt in prompts]]
    told = np.zeros(len(prompts), np.intp)
    for other in others[: search.rivals]:
        differing = np.zeros(len(prompts), bool)
        for number in range(words):
            if len(said) == number:
                said.append(reference.after(contexts[number]).argmax(-1))
                rows = zip(contexts[number], said[number].tolist(), strict=True)
                contexts.append([(*context, *tokenizer.reread(word)) for context, word in rows])
            differing |= ~_said(other.after(contexts[number]), said[number])
        told += differing
    return prompts[int(told.argmax())] if told.any() else None

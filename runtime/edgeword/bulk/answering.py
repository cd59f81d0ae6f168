"""Prompts answered by a model: lines, in pieces that are written whole."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from edgeword.answers import Generation, generation_dict
from edgeword.bulk.lines import line_of
from edgeword.bulk.prompts import Prompt
from edgeword.frozen import frozen
from edgeword.generation.options import GenerationOptions
from edgeword.generation.sampling import nth_seed
from edgeword.language_model import LanguageModel

# So often is what was said handed on: a run that is killed loses no more.
_HAND_ON_S = 0.2


@frozen
class Asked:
    """What is asked of every prompt. With a temperature above 0 the seed is known."""

    options: GenerationOptions
    batch: int | None
    """Rows that are decoded together; None leaves it to the model."""


@frozen
class Piece:
    """Some whole lines."""

    content: bytes
    lines: int
    errors: int
    """How many of the lines are of prompts that cannot be used."""
    words: int


def generations(lm: LanguageModel, prompts: Sequence[Prompt], asked: Asked) -> Iterator[Generation | None]:
    """One for each prompt, in their order; None where it cannot be used.

    A text is drawn by the seed and its own index: the others, and how they are cut into batches, do not matter.
    """
    usable = [prompt for prompt in prompts if prompt.error is None]
    texts = (prompt.text for prompt in usable)
    said = lm.generate_many(texts, batch=asked.batch, **_keywords(asked.options), **_seeds(usable, asked.options))
    return (next(said) if prompt.error is None else None for prompt in prompts)


def _keywords(options: GenerationOptions) -> dict[str, Any]:
    return {field.name: getattr(options, field.name) for field in fields(options) if field.name != "seed"}


def _seeds(prompts: Sequence[Prompt], options: GenerationOptions) -> dict[str, Any]:
    if options.seed is None or not options.temperature:
        return {}
    return {"seeds": [nth_seed(options.seed, prompt.index) for prompt in prompts]}


def said_of(lm: LanguageModel, generation: Generation) -> dict[str, Any]:
    """The keys of a line that come after the prompt's own."""
    said = generation_dict(generation, lm.engine, lm.precision, lm.decode)
    del said["prompt"]
    return said


def pieces(lm: LanguageModel, prompts: Sequence[Prompt], asked: Asked) -> Iterator[Piece]:
    """The lines of the prompts, in their order."""
    found: list[tuple[bytes, int | None]] = []
    handed_on = time.monotonic()
    for prompt, generation in zip(prompts, generations(lm, prompts, asked), strict=True):
        found.append(_line(lm, prompt, generation))
        if time.monotonic() - handed_on > _HAND_ON_S:
            yield _piece(found)
            found, handed_on = [], time.monotonic()
    if found:
        yield _piece(found)


def _line(lm: LanguageModel, prompt: Prompt, generation: Generation | None) -> tuple[bytes, int | None]:
    """The line and its words; None where it is an error's."""
    if generation is None:
        return error_line(prompt), None
    return line_of(prompt.head, said_of(lm, generation)), len(generation.ids)


def error_line(prompt: Prompt) -> bytes:
    """The line of a prompt that cannot be used."""
    return line_of(prompt.head, {"error": prompt.error})


def _piece(found: Sequence[tuple[bytes, int | None]]) -> Piece:
    words = [count for _, count in found if count is not None]
    return Piece(b"".join(line for line, _ in found), len(found), len(found) - len(words), sum(words))

"""The witness: does a file here still say what its model's owner heard?"""

from __future__ import annotations

from collections.abc import Iterable

from edgeword.bundle.manifest import Answer
from edgeword.generation.options import GenerationOptions
from edgeword.generation.speaking import Speaker
from edgeword.tokenizers.kinds import AnyTokenizer


def witness_failure(speaker: Speaker, tokenizer: AnyTokenizer, answers: Iterable[Answer]) -> str | None:
    """The first of the owner's answers that is not given, word for word, or None."""
    for answer in answers:
        expected = words_of(answer.text, tokenizer)
        if not expected:
            continue
        options = GenerationOptions(max_words=len(expected))
        said = [word for _, _, word in speaker.search(tokenizer.encode(answer.prompt), options)]
        if said != expected:
            place = next((i for i, pair in enumerate(zip(said, expected)) if pair[0] != pair[1]), len(said))  # noqa: B905
            heard = said[place] if place < len(said) else "nothing"
            return (
                f"after {answer.prompt!r} it says {heard!r} as word {place + 1}, and its owner's own loop said "
                f"{expected[place]!r}"
            )
    return None


def words_of(text: str, tokenizer: AnyTokenizer) -> list[str]:
    """The words of an answer."""
    if tokenizer.level == "char":
        return list(text)
    return text.split()

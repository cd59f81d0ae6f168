"""How the model's owner reads it: proven by the owner's answers, known from the run, or guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeword.bundle.manifest import WITNESS_FILE, Answer, Convention
from edgeword.errors import UsageError
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword_export.errors import ModelError
from edgeword_export.options import Says
from edgeword_export.source.opening import Source
from edgeword_export.witness.answers import answers_of, witness_file
from edgeword_export.witness.finding import Found, find
from edgeword_export.witness.readings import difference
from edgeword_export.witness.reference import Reference


@dataclass(frozen=True)
class Settled:
    """The Keras model read by a convention, and who says that it is its owner's."""

    reference: Reference
    convention: Convention
    tokenizer: AnyTokenizer
    answers: tuple[Answer, ...] = ()
    """The owner's."""

    @property
    def files(self) -> dict[str, bytes]:
        """The witness, for the bundle."""
        return {WITNESS_FILE: witness_file(self.answers)} if self.answers else {}


def settle(source: Source, says: Says | None, announce: Callable[[str], None]) -> Settled:
    """Find the convention; raises ModelError where the owner's answers are given and none gives them."""
    guess = Reference(source.model, source.window, source.windowed)
    if says is None:
        origin = "run" if source.run is not None else "guessed"
        convention = Convention(origin, _text(guess), 0, None, False, None)  # type: ignore[arg-type]
        return Settled(guess, convention, source.tokenizer)
    if not isinstance(source.tokenizer, Tokenizer):
        raise UsageError(
            f"--says tells how a loop reads words, and this model reads --tokens {source.tokenizer.level}, whose "
            "convention is known; leave it out"
        )
    answers = answers_of(says, source.tokenizer, source.window.length)
    announce(f"looking for how your loop reads the model, by {len(answers)} of its answers")
    found = _find(source, guess, answers, source.tokenizer)
    reference = Reference(source.model, found.window, found.windowed)
    text = _text(reference) + difference(source.tokenizer, found.tokenizer)
    convention = Convention("witness", text, len(answers), found.apart, found.says_unknown, WITNESS_FILE)
    return Settled(reference, convention, found.tokenizer, answers)


def _find(source: Source, guess: Reference, answers: tuple[Answer, ...], tokenizer: Tokenizer) -> Found:
    try:
        return find(source.model, guess, answers, tokenizer)
    except ModelError as error:
        if source.arithmetic == "float32":
            raise
        raise ModelError(
            f"your model computes in {source.arithmetic} and a bundle in float32, which differ where two words are "
            f"nearly as probable: ask the model for its answers in float32; {error}"
        ) from None


def _text(reference: Reference) -> str:
    return reference.window.text if reference.windowed else "texts of any length, whole"

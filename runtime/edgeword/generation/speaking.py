"""A model with its tokenizer: texts begun, and continued by a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeword.bundle.manifest import Convention
from edgeword.decoding.decoder import Decoder
from edgeword.generation.options import GenerationOptions
from edgeword.generation.rereading import Rereading
from edgeword.generation.searching import Search
from edgeword.generation.vocabulary import Vocabulary
from edgeword.tokenizers.tokenizer import Tokenizer


class Speaker:
    """What words come of a decoder, by the convention of its model's owner."""

    def __init__(
        self, make_decoder: Callable[[], Decoder], tokenizer: Tokenizer, size: int, convention: Convention
    ) -> None:
        self._make_decoder, self._tokenizer = make_decoder, tokenizer
        self.vocabulary = Vocabulary(
            tokenizer, size, says_unknown=convention.says_unknown, ends=convention.from_ == "witness"
        )

    def begun(self, ids: Sequence[int]) -> Decoder:
        """A decoder of its own that has read a text."""
        decoder = self._make_decoder()
        decoder.begin(ids)
        return decoder if self._tokenizer.num_words is None else Rereading(decoder, self._tokenizer.reread)

    def search(self, ids: Sequence[int], options: GenerationOptions) -> Search:
        """The words that follow a text."""
        return Search(self.begun(ids), ids, options, self.vocabulary)

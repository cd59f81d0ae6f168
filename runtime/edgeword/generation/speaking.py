"""A model with its tokenizer: texts begun, and continued by a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from edgeword.bundle.manifest import Convention
from edgeword.decoding.decoder import Decoder, Snapshot
from edgeword.generation.options import GenerationOptions
from edgeword.generation.rereading import Rereading
from edgeword.generation.searching import Search
from edgeword.tokenizers.kinds import AnyTokenizer
from edgeword.words.vocabulary import Vocabulary

if TYPE_CHECKING:
    from edgeword.decoding.batches.batch import BatchDecoder


class Speaker:
    """What words come of a decoder, by the convention of its model's owner."""

    def __init__(
        self,
        make_decoder: Callable[[], Decoder],
        tokenizer: AnyTokenizer,
        size: int,
        convention: Convention,
        make_batch: Callable[[int], BatchDecoder | None] = lambda _rows: None,
    ) -> None:
        self.decoder = make_decoder
        """Makes a decoder of its own, at the empty text."""
        self.batch = make_batch
        """Makes a batch of so many rows; None where the model reads one text at a time."""
        self._tokenizer = tokenizer
        self.vocabulary = Vocabulary(
            tokenizer, size, says_unknown=convention.says_unknown, ends=convention.from_ == "witness"
        )

    def begun(self, ids: Sequence[int]) -> Decoder:
        """A decoder of its own that has read a text."""
        decoder = self.decoder()
        decoder.begin(ids)
        return self._saying(decoder)

    def resumed(self, snapshot: Snapshot, ids: Sequence[int] = ()) -> Decoder:
        """A decoder of its own that goes on from a snapshot, and has read the ids after it."""
        decoder = self.decoder()
        decoder.restore(snapshot)
        for token in ids:
            decoder.advance(token)
        return self._saying(decoder)

    def search(self, ids: Sequence[int], options: GenerationOptions, *, spaced: bool = False) -> Search:
        """The words that follow a text, which perhaps ends in white space."""
        return Search(self.begun(ids), ids, options, self.vocabulary, spaced=spaced)

    def row_search(
        self, batch: BatchDecoder, row: int, ids: Sequence[int], options: GenerationOptions, *, spaced: bool = False
    ) -> Search:
        """The words that follow a text, which a row of a batch begins with."""
        from edgeword.decoding.batches.batch import Row  # a cold start reads one text

        batch.begin(row, ids)
        return Search(self._saying(Row(batch, row)), ids, options, self.vocabulary, spaced=spaced)

    def _saying(self, decoder: Decoder) -> Decoder:
        """A decoder whose words enter the context as the loop of the model's owner puts them there."""
        return decoder if self._tokenizer.num_words is None else Rereading(decoder, self._tokenizer.reread)

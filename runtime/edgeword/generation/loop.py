"""The loops over a decoder that everything else is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edgeword.decoding.decoder import Decoder, Prediction
from edgeword.probabilities import Array, logprob_of


def greedy(decoder: Decoder) -> Iterator[Prediction]:
    """The most probable next tokens, for ever, each with its log-probability and read before it is given."""
    answer, advance = decoder.greedy, decoder.advance
    while True:
        prediction = answer()
        advance(prediction[0])
        yield prediction


def logits_along(decoder: Decoder, ids: Iterable[int]) -> Iterator[Array]:
    """What the model expects before each of `ids`, `[V]`; the token is read when the next one is asked for."""
    for token in ids:
        yield decoder.logits()
        decoder.advance(token)


def logprobs_along(decoder: Decoder, ids: Sequence[int], unknown: int | None) -> list[float]:
    """How probable each token after the first is, given those before it; `unknown` ones are read but not counted."""
    decoder.begin(ids[:1])
    along = zip(ids[1:], logits_along(decoder, ids[1:]), strict=True)
    return [logprob_of(logits, token) for token, logits in along if token != unknown]

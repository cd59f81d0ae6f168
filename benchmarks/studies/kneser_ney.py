"""An n-gram model beside which a network is measured: interpolated modified Kneser-Ney.

    python -m studies.kneser_ney BUNDLE TRAINED_ON TEXT

prints the figures of `edgeword evaluate` for a 5-gram of the bundle's own words, counted on the text that the network
was trained on. The formulas are those of Chen & Goodman (1998), "An Empirical Study of Smoothing Techniques for
Language Modeling", section 3: three discounts an order, and below the highest order the number of different words
before an n-gram in the place of its count.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeword.bundle.bundle import Bundle
from edgeword.decoding.decoder import Prediction, Snapshot
from edgeword.evaluating.evaluation import evaluated
from edgeword.tokenizers.markers import Markers, lines_without, markers_in_training
from edgeword.words.vocabulary import Vocabulary

ORDER = 5
# Stands before a line; no id of a vocabulary.
_BEGIN = -1

NGram = tuple[int, ...]


class KneserNey:
    """Counted on lines of ids below V; `unknown` is read as context and never expected."""

    def __init__(
        self, lines: Iterable[Sequence[int]], vocabulary: int, unknown: int | None, order: int = ORDER
    ) -> None:
        self.order, self.vocabulary = order, vocabulary
        counts = _counts(lines, unknown, order)
        self._orders = [_Order(counts[size]) for size in range(1, order + 1)]
        possible = np.ones(vocabulary)
        possible[[0] if unknown is None else [0, unknown]] = 0
        self._uniform = possible / possible.sum()

    def probabilities(self, context: Sequence[int]) -> NDArray[np.float64]:
        """What follows the ids of a line, `[V]`; they sum to 1."""
        history = (*[_BEGIN], *context)[-(self.order - 1) :] if self.order > 1 else ()
        found = self._uniform
        for size, order in enumerate(self._orders):
            if size > len(history):
                break
            found = order.interpolated(tuple(history[len(history) - size :]), found)
        return found


class _Order:
    """The n-grams of one length, by what comes before their last word."""

    def __init__(self, counts: Counter[NGram]) -> None:
        self._discounts = _discounts(counts)
        found: dict[NGram, list[tuple[int, int]]] = defaultdict(list)
        for ngram, count in counts.items():
            found[ngram[:-1]].append((ngram[-1], count))
        self._after = {context: np.array(rows).T for context, rows in found.items()}

    def interpolated(self, context: NGram, lower: NDArray[np.float64]) -> NDArray[np.float64]:
        """Discounted counts after a context, and what was taken from them given to the lower order."""
        rows = self._after.get(context)
        if rows is None:
            return lower
        ids, counts = rows
        taken = self._discounts[np.minimum(counts, 3)]
        total = counts.sum()
        found = lower * (taken.sum() / total)
        found[ids] += (counts - taken) / total
        return found


def _counts(lines: Iterable[Sequence[int]], unknown: int | None, order: int) -> dict[int, Counter[NGram]]:
    """By length: occurrences of the longest n-grams and of those that begin a line, else the words before them."""
    seen: Counter[NGram] = Counter()
    for line in lines:
        padded = (_BEGIN, *line)
        for end in range(1, len(padded)):
            if padded[end] != unknown:
                seen[padded[max(0, end - order + 1) : end + 1]] += 1
    counts = {order: Counter({ngram: count for ngram, count in seen.items() if len(ngram) == order})}
    begun = Counter({ngram: count for ngram, count in seen.items() if len(ngram) < order})
    for size in range(order - 1, 0, -1):
        counts[size] = Counter({ngram: count for ngram, count in begun.items() if len(ngram) == size})
        # Each longer n-gram is one word before its own last ones.
        counts[size].update(ngram[1:] for ngram in counts[size + 1])
    return counts


def _discounts(counts: Counter[NGram]) -> NDArray[np.float64]:
    """What is taken from a count of 0, 1, 2, and 3 or more."""
    n1, n2, n3, n4 = (sum(1 for count in counts.values() if count == number) for number in (1, 2, 3, 4))
    if not (n1 and n2 and n3):  # too few to estimate from
        return np.array([0.0, 0.5, 0.5, 0.5])
    y = n1 / (n1 + 2 * n2)
    return np.clip([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3], 0.0, [0.0, 1.0, 2.0, 3.0])


class NGramDecoder:
    """The counts as a decoder: see `Decoder`."""

    def __init__(self, model: KneserNey) -> None:
        self._model = model
        self._ids: list[int] = []

    def begin(self, ids: Sequence[int] = ()) -> None:
        """See `Decoder.begin`."""
        self._ids = list(ids)

    def advance(self, token: int) -> None:
        """See `Decoder.advance`."""
        self._ids.append(token)

    def logits(self) -> NDArray[np.float32]:
        """See `Decoder.logits`: log-probabilities."""
        with np.errstate(divide="ignore"):
            return np.log(self._model.probabilities(self._ids)).astype(np.float32)

    def greedy(self) -> Prediction:
        """See `Decoder.greedy`."""
        logits = self.logits()
        return int(logits.argmax()), float(logits.max())

    def snapshot(self) -> Snapshot:
        """See `Decoder.snapshot`."""
        return Snapshot(tuple(self._ids), ())

    def restore(self, snapshot: Snapshot) -> None:
        """See `Decoder.restore`."""
        self._ids = list(snapshot.ids)


def main() -> None:
    """Print the figures."""
    bundle, trained_on, text = sys.argv[1:]
    opened = Bundle(bundle)
    tokenizer, size = opened.tokenizer, opened.spec.vocabulary
    markers = markers_in_training(opened.manifest.training)
    read = lines_without(_lines(trained_on), tokenizer.level, Markers(keep=markers == "keep"))
    lines = [tokenizer.encode(line) for line in read]
    model = KneserNey(lines, size, tokenizer.oov_id)
    found = evaluated(NGramDecoder(model), tokenizer, Vocabulary(tokenizer, size), _lines(text), markers)
    print(f"{found.words:,} words, {found.oov_rate:.1%} of them not in the vocabulary")
    print(
        f"{ORDER}-gram  perplexity {found.perplexity:.1f}  top-1 {found.top1:.1%}  top-3 {found.top3:.1%}  "
        f"keys saved {found.keystroke_savings:.1%}"
    )


def _lines(path: str) -> list[str]:
    lines = Path(path).read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


if __name__ == "__main__":
    main()

"""Texts for tests of `--tokens text`: corpora of a few lines, and what is drawn from all scripts."""

from __future__ import annotations

from hypothesis import strategies as st

from edgeword.tokenizers.text import TextTokenizer
from edgeword_train.data.fitting import fit_text

LINES = (
    "The cell said: I read Paris, and the LSTM read it too.",
    'He asked "why?" and she said "no" \u2013 a well-known answer.',
    "In Paris (or so I read) the cell isn't new, it's old. It costs 3,000.50 francs!",
    "Is the LSTM new? The answer: no, it's a well-known cell.",
)
# Marks and white space between words are what rules are about, so they come often.
MARKS = st.sampled_from(list(".,!?'\"-()<>:;/\u2019\u201c\u201d\u3002\u200d\u200c \t\n\r\u2028_0123456789"))
WORDS = st.sampled_from(
    ("the", "Cell", "LSTM", "<unk>", "unk", "<", "isn't", "3,000", "U.S", "\u0130", "\u00df", "\u7f51", "\u1e9e")
)
ANY = st.text(max_size=6)
texts = st.lists(st.one_of(MARKS, WORDS, ANY, st.just(" ")), max_size=25).map("".join)
lines = texts.map(lambda text: " ".join(text.splitlines()))


def tokenizer() -> TextTokenizer:
    """Of `LINES`."""
    return fit_text(LINES)


tokenizers = st.lists(lines, max_size=5).map(lambda drawn: fit_text([*drawn, *LINES[:2]]))

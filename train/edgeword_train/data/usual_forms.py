"""How a corpus writes its words: the usual form of each word, and how its marks stand between them."""

from __future__ import annotations

import re
from collections import Counter

from edgeword.tokenizers.scanning import LINE_END, UNKNOWN, capitalized, lowered, surfaces
from edgeword.tokenizers.text import END_ID, TextTokenizer
from edgeword_train.data.marks import MarkCounts

# Of more distinct forms than this, those that came least are forgotten: a bound on memory.
MOST_FORMS = 3_000_000
# A word at a sentence's beginning, whose capital may be that of its place.
_FIRST_WORD = re.compile("(?:^|[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019)\\]]* +)[\"'\u201c\u2018(\\[]*([^ ]+)")


class UsualForms:
    """Counts forms of words and places of marks, line by line, and makes a tokenizer of them."""

    def __init__(self) -> None:
        self._forms: Counter[str] = Counter()
        self._first: Counter[str] = Counter()
        """Of `_forms`, those at a sentence's beginning."""
        self._marks = MarkCounts()
        self.tokens = 0
        """How many tokens were counted, line ends among them."""

    def add(self, line: str) -> None:
        """Count one line, which holds no line end."""
        found = surfaces(line)
        self._forms.update(found)
        self._first.update(surface for word in _FIRST_WORD.findall(line) for surface in surfaces(word)[:1])
        self._marks.add(line)
        self.tokens += len(found) + 1
        if len(self._forms) > MOST_FORMS:
            self._forget()

    def tokenizer(self, vocab_size: int | None = None) -> TextTokenizer:
        """Of the most frequent tokens, ties in the order of first appearance; of `vocab_size` ids at most."""
        counts: Counter[str] = Counter()
        forms: dict[str, list[str]] = {}
        for form, count in self._forms.items():
            token = lowered(form)
            counts[token] += count
            forms.setdefault(token, []).append(form)
        del counts[UNKNOWN]
        tokens = [token for token, _ in counts.most_common()]
        tokens = tokens[: vocab_size - 3] if vocab_size else tokens
        usual = (self._usual(token, forms[token]) for token in tokens)
        ids = {token: token_id for token_id, token in enumerate((LINE_END, *tokens), END_ID)}
        return TextTokenizer((UNKNOWN, LINE_END, *usual), self._marks.marks(ids))

    def _usual(self, token: str, forms: list[str]) -> str:
        """The form that is most frequent within sentences; small letters where a capital may be that of its place."""
        within = {form: self._forms[form] - self._first[form] for form in forms}
        best = max(forms, key=lambda form: (within[form], self._forms[form]))
        return token if within[best] == 0 and best == capitalized(token) else best

    def _forget(self) -> None:
        least = 1
        while len(self._forms) > MOST_FORMS // 2:
            self._forms = Counter({form: count for form, count in self._forms.items() if count > least})
            least *= 2
        self._first = Counter({form: count for form, count in self._first.items() if form in self._forms})

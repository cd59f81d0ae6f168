"""Markers that others left in a corpus: unknown words, padding, headings, spaces. They are not words.

A model is trained, measured and proven on the lines that are read here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from edgeword.tokenizers.scanning import UNKNOWN

# Stands for an unknown word in a line, until the tokenizer of the run says how it reads one. No text holds it: Unicode
# will never give this code point a meaning.
UNKNOWN_MARK = "\ufffe"
UNKNOWN_AS: Mapping[str, str] = {"text": UNKNOWN, "word": UNKNOWN_MARK, "char": UNKNOWN_MARK, "subword": ""}
"""By a tokenizer's level, what it reads for a word that is unknown in the corpus: no word of any vocabulary."""

MARKERS = ("drop", "keep")
"""Whether markers are read as what they are, or kept as text."""

_Kind = tuple[str, re.Pattern[str], "str | Callable[[re.Match[str]], str]", str]


def _joint(match: re.Match[str]) -> str:
    return match[1]


def _unspaced(match: re.Match[str]) -> str:
    """A line of a corpus whose tokens are parted by spaces, as people write it; apostrophes stay as they are."""
    line = re.sub(r" ([,.;:!?%)\]])(?= |$)", r"\1", match[0])
    line = re.sub(r"(?:(?<= )|^)([(\[$\u00a3]) ", r"\1", line)
    return re.sub(r'(?:(?<= )|^)" ([^"]+?) ?"(?![^ ,.;:!?)\]])', r'"\1"', line)


# What it is called, how it is found, what stands in its place, and what that means.
_KINDS: tuple[_Kind, ...] = (
    ("headings like '= Title ='", re.compile(r"^(?:= )+\S.* =(?: =)*$|^=+ .+ =+$"), "", "left out"),
    (
        "unknown words like '<unk>'",
        re.compile(r"<unk>|<unknown>|<oov>|\[UNK\]|\[OOV\]|@unk@", re.IGNORECASE),
        UNKNOWN_MARK,
        "read as unknown words",
    ),
    (
        "marks like '<s>' and '<pad>'",
        re.compile(
            r"</?s>|</?(?:pad|bos|eos|sos|cls|sep|mask)>|\[(?:PAD|BOS|EOS|CLS|SEP|MASK)\]|<\|(?:end|start)oftext\|>",
            re.IGNORECASE,
        ),
        " ",
        "left out",
    ),
    ("joints like ' @-@ '", re.compile(r" @([-,.])@ "), _joint, "read as '-'"),
    ("lines with spaces before commas", re.compile(r"^.* (?:, .*|\.)$"), _unspaced, "written without"),
)


class Markers:
    """Finds markers line by line, and counts them; `keep` leaves all lines as they are."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self.counts: Counter[str] = Counter()

    def read(self, line: str) -> str:
        """A line without its markers, perhaps empty; `UNKNOWN_MARK` for words that are unknown in the corpus."""
        if not ("<" in line or "[" in line or "=" in line or "@" in line or " ," in line or " ." in line):
            return line
        read = line
        for name, pattern, replacement, _ in _KINDS:
            read, count = pattern.subn(replacement, read)
            if count:
                self.counts[name] += count
        return line if self._keep else " ".join(read.split()) if read != line else line

    @property
    def warning(self) -> str | None:
        """What was found, in one line, with the option that settles it; None where nothing was."""
        if not self.counts:
            return None
        become = {name: "kept" if self._keep else meaning for name, _, _, meaning in _KINDS}
        found = "; ".join(f"{count:,} {name}, {become[name]}" for name, count in self.counts.most_common())
        other = "--markers drop reads them as what they are" if self._keep else "--markers keep reads them as text"
        return f"the text holds markers: {found}; {other}"


def lines_without(lines: Iterable[str], level: str, markers: Markers) -> Iterator[str]:
    """Lines as a tokenizer of this level is to read them, those of markers alone left out."""
    for line in lines:
        if read := markers.read(line):
            yield read.replace(UNKNOWN_MARK, UNKNOWN_AS[level])


def markers_in_training(facts: Mapping[str, Any]) -> str:
    """What was done with them, by the facts of a training: of one that edgeword knows nothing of, `drop`."""
    options = facts.get("options")
    found = options.get("markers") if isinstance(options, Mapping) else None
    return found if found in MARKERS else MARKERS[0]

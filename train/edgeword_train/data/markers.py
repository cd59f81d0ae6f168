"""Markers that others left in a corpus: unknown words, padding, headings, spaces. They are not words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

# Stands for an unknown word in a line, until the tokenizer of the run says how it reads one. No text holds it: Unicode
# will never give this code point a meaning.
UNKNOWN_MARK = "\ufffe"

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

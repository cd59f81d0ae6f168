"""What a terminal is shown. Nothing that came from a bundle, a file name or a package steers it."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

from edgeword.input_files import legible

# Control characters (C0, DEL, C1), what turns the direction of text round, and what ends a line.
_STEERING = frozenset(
    {*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)}
)


ESCAPING = "edgeword.escaping"
"""Of text that an encoding has no bytes for; `settle` registers it."""


def settle(*streams: TextIO | None) -> None:
    """Let the standard streams take every text.

    Where nobody chose their encoding and the C locale says ASCII, they are UTF-8, as every file of edgeword's is. What
    a chosen encoding has no bytes for is escaped as in JSON, so that JSON stays JSON.
    """
    codecs.register_error(ESCAPING, _escaping)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            by_locale = not os.environ.get("PYTHONIOENCODING") and codecs.lookup(stream.encoding).name == "ascii"
            chosen = stream.errors not in ("strict", "surrogateescape", "backslashreplace")
            stream.reconfigure(
                encoding="utf-8" if by_locale else stream.encoding, errors=stream.errors if chosen else ESCAPING
            )


def _escaping(error: UnicodeError) -> tuple[str, int]:
    """Two bytes as four digits, and a character of more as the two halves of its surrogate pair."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end


def escaped(text: str, keep: str = "") -> str:
    """The text with each character that would steer a terminal as Python writes it, but those to keep."""
    if text.isprintable():
        return text
    text = legible(text)
    return "".join(_shown(character) if character not in keep else character for character in text)


def _shown(character: str) -> str:
    code = ord(character)
    is_surrogate = 0xD800 <= code < 0xE000
    return character.encode("unicode_escape").decode() if code in _STEERING or is_surrogate else character


def show(*lines: str, to: TextIO | None = None) -> None:
    """Print lines, escaped; to standard output, or where else."""
    for line in lines:
        print(escaped(line), file=to or sys.stdout, flush=to is not None)


def complain(message: str) -> None:
    """Print one line on standard error."""
    show(f"edgeword: {' '.join(message.splitlines())}", to=sys.stderr)


def tell_next(*words: str, after: str = "") -> None:
    """Say what to run next, `edgeword` and its arguments, where somebody looks: on a terminal, beside the results."""
    if sys.stderr.isatty():
        show(f"next{after}: {own_command(*words)}", to=sys.stderr)


def own_command(*words: str) -> str:
    """A command of this edgeword, as a shell runs it that stands here."""
    from edgeword.installing import edgeword_program

    return f"{edgeword_program()} {quoted(*words)}"


def quoted(*words: str) -> str:
    """A command, quoted for a shell."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    import shlex  # on few ways needed, and never before a first word

    word = legible(word)
    if escaped(word) == word:
        return shlex.quote(word)
    # As bash, ksh and zsh read it: what is escaped means the character.
    inside = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{escaped(inside)}'"

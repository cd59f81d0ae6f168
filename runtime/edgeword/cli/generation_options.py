"""Options of generation, for every command that generates or suggests."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from edgeword.cli.options import positive, utf8
from edgeword.cli.terminal import complain
from edgeword.generation.options import GenerationOptions
from edgeword.input_files import ALLOW, DENY, read_text

_ROWS: list[tuple[str, Callable[[str], Any], str, str]] = [
    ("--temperature", float, "T", "draw words, from the model's distribution at 1; default: 0, the most probable ones"),
    ("--top-k", int, "K", "draw from the K most probable words"),
    ("--top-p", float, "P", "draw from the fewest words whose probabilities reach P"),
    ("--min-p", float, "P", "draw from words at least P times as probable as the most probable one"),
    ("--repetition-penalty", float, "R", "make words that were said before less likely, above 1"),
    ("--no-repeat-ngram", int, "N", "say no N words in a row twice"),
    ("--beams", int, "B", "follow B texts and print the most probable one"),
    ("--length-penalty", float, "A", "beams that stop compare by log-probability / length ** A; default: 1"),
    ("--min-words", int, "N", "pass over a stop text that begins sooner"),
    ("--seed", int, "N", "draw the same words again"),
]


def add_generation_options(parser: argparse.ArgumentParser) -> None:
    """`-n` and all the others of `GenerationOptions`."""
    parser.add_argument("-n", dest="max_words", type=positive, default=20, metavar="WORDS", help="default: 20")
    for flag, kind, letter, text in _ROWS:
        parser.add_argument(flag, type=kind, metavar=letter, default=argparse.SUPPRESS, help=text)
    parser.add_argument(
        "--stop",
        action="append",
        metavar="TEXT",
        default=argparse.SUPPRESS,
        help="end before it; may be repeated",
    )
    add_allow_and_deny(parser)


def add_allow_and_deny(parser: argparse.ArgumentParser) -> None:
    """`--allow` and `--deny`: files with one word a line."""
    for flag, text in (("--allow", "say no other words than those in FILE, one a line"), ("--deny", "never say those")):
        parser.add_argument(flag, metavar="FILE", default=argparse.SUPPRESS, help=text)


def generation_keywords(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keywords that were given, files read. Raises UsageError or InputFileError; says what is without effect."""
    given = vars(arguments)
    keywords = {item.name: given[item.name] for item in fields(GenerationOptions) if item.name in given}
    for name in keywords.keys() & {"allow", "deny"}:
        keywords[name] = _words(read_text(keywords[name], _FILES[name]))
    if "stop" in keywords:
        keywords["stop"] = [utf8(text, "stop text") for text in keywords["stop"]]
    for name in GenerationOptions(**keywords).without_effect:
        needed = "beams above 1" if name == "length_penalty" else "a temperature above 0"
        complain(f"{name} is without effect; it needs {needed}")
    return keywords


_FILES = {"allow": ALLOW, "deny": DENY}


def _words(text: str) -> frozenset[str]:
    return frozenset(line.strip() for line in text.splitlines() if line.strip())

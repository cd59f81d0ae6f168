"""Options that several commands take."""

from __future__ import annotations

import argparse

from edgeword.engines import ENGINES
from edgeword.precisions import PRECISIONS


def positive(text: str) -> int:
    """A whole number of at least 1."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def add_choice_of_variant(parser: argparse.ArgumentParser) -> None:
    """`--engine`, `--precision` and `--threads`."""
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto", help="default: auto")
    parser.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto", help="default: auto")
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="default: 1")

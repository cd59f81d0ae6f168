"""What an export is told: one frozen dataclass."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from edgeword.errors import UsageError
from edgeword.padding import SIDES, Side
from edgeword.precisions import FOR_OLD_ENGINES, FORMATS, PRECISIONS

DEFAULT_PRECISIONS = ("float32", "dynamic-int8", "int4")
DECODES = ("auto", "step", "window")
LONGEST_WINDOW = 4096

Says = str | os.PathLike[str] | Sequence[tuple[str, str]] | Callable[[str], str]
"""A file, pairs of prompt and text, or the owner's own function from prompt to text."""

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class ExportOptions:
    """The options of one export; raises UsageError naming the option and its range."""

    tokenizer: Any = None
    """A file, or what lives in Python: Keras' Tokenizer, a text layer, a dict, a list."""
    window: int | None = None
    """Length of the padded window; None takes the model's own."""
    padding: Side = "pre"
    """The side on which the model's training padded short texts."""
    truncating: Side = "pre"
    """The side on which it cut long ones."""
    says: Says | None = None
    """What the owner's own loop answered: a file, pairs, or a function; None guesses how the loop reads the model."""
    formats: tuple[str, ...] = FORMATS
    precisions: tuple[str, ...] = DEFAULT_PRECISIONS
    """Or `("all",)`."""
    decode: Literal["auto", "step", "window"] = "auto"
    eval: PathLike | None = None
    """Text to measure on; None takes what training held out, or samples from the model."""
    max_perplexity_increase: float | None = None
    """Percent, in the place of each precision's own gate."""
    custom_objects: tuple[str, ...] = ()
    """Classes of the user's own, as `module:Name`."""
    name: str | None = None
    """The bundle's; None takes its folder's."""
    license: str | None = None
    """For the model card; None says that it is not known."""
    datasets: tuple[str, ...] = ()
    """For the model card: what the model was trained on, as the Hub names it."""

    def __post_init__(self) -> None:
        for option, values, known in (
            ("formats", self.formats, FORMATS),
            ("precisions", self.precisions, (*PRECISIONS, "all")),
            ("decode", [self.decode], DECODES),
            ("padding", [self.padding], SIDES),
            ("truncating", [self.truncating], SIDES),
        ):
            unknown = [value for value in values if value not in known]
            if unknown or not values:
                raise UsageError(f"{option}: {unknown[0] if unknown else 'nothing'!r} is not one of {', '.join(known)}")
        self._check_precisions()
        if self.max_perplexity_increase is not None and not self.max_perplexity_increase >= 0:
            raise UsageError(
                f"max_perplexity_increase is {self.max_perplexity_increase}; give a percentage of at least 0"
            )
        if self.window is not None and not 1 <= self.window <= LONGEST_WINDOW:
            raise UsageError(f"--window {self.window}: give a whole number from 1 to {LONGEST_WINDOW}")

    def _check_precisions(self) -> None:
        for precision in self.precisions:
            fitting = PRECISIONS[precision].formats if precision != "all" else FORMATS
            if not set(fitting) & set(self.formats):
                raise UsageError(f"precisions: {precision} is for {', '.join(fitting)} only; add it to --formats")

    def variants(self) -> list[tuple[str, str]]:
        """Format and precision of each file to write, with what old engines need where they get a precision wrong."""
        names = tuple(PRECISIONS) if "all" in self.precisions else self.precisions
        spared = [FOR_OLD_ENGINES[name] for name in names if name in FOR_OLD_ENGINES]
        return [
            (file_format, precision)
            for file_format in dict.fromkeys(self.formats)
            for precision in dict.fromkeys([*names, *spared])
            if file_format in PRECISIONS[precision].formats
        ]

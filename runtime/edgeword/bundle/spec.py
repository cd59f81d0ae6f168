"""The spec: all that a decoder has to know of a model, in any language. A record of the manifest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from edgeword.errors import UsageError
from edgeword.frozen import frozen
from edgeword.padding import Padding

MAX_VOCABULARY = (1 << 22) + 1
"""As many ids as a tokenizer can give."""
MAX_STATE = 1 << 24
"""Elements of one state."""
MAX_FLOAT32 = 3.4028234663852886e38
LOGPROBS = (-MAX_FLOAT32, 1e-3)
"""Between which log-probabilities lie; engines round that of a sure word to a little above 0."""
DecodeMode = Literal["step", "window"]

# A first word is suggested, completed and sampled from this many; 64 hold most of what a text begins with.
EMPTY_PROMPT_IDS = 64


@frozen
class Decode:
    """How the next word is found: the decode mode, and the graph that does it."""

    mode: DecodeMode
    graph: DecodeMode

    def __post_init__(self) -> None:
        if (self.mode, self.graph) == ("step", "window"):
            raise UsageError("decode mode 'step' needs the graph 'step', not 'window'")


MAX_WINDOW = 4096
"""Tokens; what reads a window holds all of it, so an unbounded length would take the device's memory."""


@frozen
class Window:
    """What of a text the model is shown, and where its answer is read."""

    length: int | None
    """None where the model reads texts of any length."""
    padding: Padding
    masked: bool
    fills: bool = True
    """Whether a text shorter than the window is filled up with padding, or read as it is."""
    reads: Literal["end", "text"] = "end"
    """Whose answer counts: that of the window's last position, or of the last one that holds text."""

    def __post_init__(self) -> None:
        if self.length is not None and self.length < 1:
            raise UsageError(f"length is {self.length}, and a window has at least 1 token")
        if self.length is not None and self.length > MAX_WINDOW:
            raise UsageError(f"length is {self.length}, and a window has at most {MAX_WINDOW} tokens")

    @property
    def passed_by(self) -> int | None:
        """The token that the model passes by: padding that is masked. None where it reads all."""
        return self.padding.value if self.masked else None

    @property
    def text(self) -> str:
        """The window in words."""
        if self.length is None:
            return "texts of any length"
        if self.length == 1 and not self.fills:
            return "the last token alone"
        cut = "" if self.padding.truncating == "pre" else ", longer texts cut at their end"
        if not self.fills:
            return f"the last {self.length} tokens, without padding{cut}"
        value = f" with id {self.padding.value}" if self.padding.value else ""
        read = ", read at the last token" if self.reads == "text" else ""
        return f"{self.padding.side}-padded windows of {self.length}{value}{cut}{read}"


@frozen
class State:
    """One state tensor of the step graph, float32; `start` has one value, or one for each element."""

    name: str
    shape: tuple[int, ...]
    start: tuple[float, ...]

    def __post_init__(self) -> None:
        elements = math.prod(self.shape)
        if len(self.shape) > 8 or min(self.shape, default=1) < 1 or elements > MAX_STATE:
            raise UsageError(f"shape is no shape of at most 8 axes and {MAX_STATE} elements, at least 1 in each")
        if len(self.start) not in (1, elements):
            raise UsageError(f"start has {len(self.start)} values, not 1 or {elements}")
        check_between("start", self.start, -MAX_FLOAT32, MAX_FLOAT32)


@frozen
class EmptyPrompt:
    """What the model says where it read nothing but padding: its most probable ids, most probable first."""

    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    """Natural logarithms, one for each of `ids`."""

    def __post_init__(self) -> None:
        if not self.ids or len(self.ids) != len(self.logprobs) or len(set(self.ids)) != len(self.ids):
            raise UsageError("ids and logprobs must be equally many, at least one, and no id twice")
        check_between("logprobs", self.logprobs, *LOGPROBS)


@frozen
class Spec:
    """All that a decoder has to know."""

    vocabulary: int
    """Width V of the logits; every token id is below it."""
    decode: Decode
    window: Window
    states: tuple[State, ...]
    """The states of the step graph, in order; empty for the window graph."""
    empty_prompt: EmptyPrompt

    def __post_init__(self) -> None:
        if self.vocabulary < 1:
            raise UsageError(f"vocabulary is {self.vocabulary}, and a model knows at least 1 id")
        if self.vocabulary > MAX_VOCABULARY:
            raise UsageError(f"vocabulary is {self.vocabulary}, and a model knows at most {MAX_VOCABULARY} ids")
        if self.decode.mode == "window" and self.window.length is None:
            raise UsageError("decode mode 'window' needs a window.length")
        check_below(self.vocabulary, "empty_prompt", self.empty_prompt.ids)
        # Models of one-hot characters are padded with rows of zeros: one id behind those of the characters.
        check_below(self.vocabulary + 1, "window.padding.value", (self.window.padding.value,))


def check_below(vocabulary: int, key: str, ids: tuple[int, ...]) -> None:
    """Raise UsageError for an id that the model does not know."""
    strange = next((value for value in ids if not 0 <= value < vocabulary), None)
    if strange is not None:
        raise UsageError(f"{key} holds {strange}, which is no id below {vocabulary}")


def check_between(key: str, values: Iterable[float], low: float, high: float) -> None:
    """Raise UsageError for a number outside its range, ends included.

    NaN is in none and passes: no JSON holds it, and what measures a model has better words for it.
    """
    strange = next((value for value in values if value < low or value > high), None)
    if strange is not None:
        raise UsageError(f"{key} holds {strange}, which is not between {low} and {high}")

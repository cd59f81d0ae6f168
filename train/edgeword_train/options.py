"""What a training is told: one frozen dataclass, whose ranges stand in one table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edgeword.errors import UsageError
from edgeword.tokenizers.markers import MARKERS
from edgeword.tokenizers.tokenizer import MAX_ID

# The names of `architecture.CELLS`, which only TensorFlow can import.
CELL_NAMES = ("simple-rnn", "lstm", "gru", "peephole-lstm", "cifg-lstm", "projected-lstm")
TOKEN_LEVELS = ("text", "word", "char", "subword")

CHOICES: dict[str, tuple[str, ...]] = {"cell": CELL_NAMES, "tokens": TOKEN_LEVELS, "markers": MARKERS}

# The smallest vocabulary holds padding, the OOV token and two words to choose from; of `text`, the line's end and one.
INTEGERS = {
    "layers": (1, 16),
    "units": (1, 8192),
    "embedding": (1, 8192),
    "projection": (1, 8192),
    "vocab_size": (4, MAX_ID),
    "window": (1, 4096),
    "epochs": (1, 100_000),
    "batch": (1, 8192),
    "patience": (1, 100_000),
    "seed": (0, 2**32 - 1),
}
TEXTS = ("field", "eval")
# The options that may be None.
OPEN = ("projection", "vocab_size", "batch", "patience")
LARGEST_DROPOUT = 0.9
NUMBERS = {
    "dropout": (0, LARGEST_DROPOUT),
    "recurrent_dropout": (0, LARGEST_DROPOUT),
    "embedding_dropout": (0, LARGEST_DROPOUT),
    "weight_drop": (0, LARGEST_DROPOUT),
    "learning_rate": (1e-6, 1),
}


@dataclass(frozen=True)
class TrainingOptions:
    """The options of one training; raises UsageError naming the option, its value and its range."""

    cell: str = "lstm"
    layers: int = 1
    units: int = 256
    embedding: int = 128
    projection: int | None = None
    """Width of the recurrent projection; None has none, but half the units in `projected-lstm`."""
    tie_embeddings: bool = False
    """One table for reading words and for naming them."""
    tokens: str = "text"
    """What a token is: `docs/text.md`."""
    markers: str = "drop"
    """Markers like `<unk>` and `= Title =` in the text: read as what they are and left out, or kept as text."""
    field: str | None = None
    """The field of JSON lines that holds the text; None takes `text`."""
    eval: str | None = None
    """A text of its own to measure on; None holds a part of the text out."""
    vocab_size: int | None = None
    """Number of ids, padding, the OOV token and the line's end among them; None keeps every word of the corpus."""
    window: int = 32
    """Tokens T through which a step of the optimizer looks back; the state is carried further, to a line's end."""
    epochs: int = 40
    """Most epochs; `patience` may end the training before."""
    batch: int | None = None
    """Streams B that are read side by side; None takes 32, and fewer for a small corpus."""
    dropout: float = 0.2
    """Share of the activations between the layers that is left out in training, the same ones over a window."""
    recurrent_dropout: float = 0.0
    """Share of the recurrent connections that is left out in training, the same ones over a window."""
    embedding_dropout: float = 0.0
    """Share of the words of the vocabulary that are not read in training, the same ones over a window."""
    weight_drop: float = 0.0
    """Share of the recurrent weights that is left out in training, the same ones over a window."""
    patience: int | None = None
    """Epochs without a better perplexity on held-out text after which the training ends; None takes 3."""
    memorize: bool = False
    """Learn the text by heart, at the price of any other text: `stopping` says what that means."""
    learning_rate: float = 3e-3
    """Of Adam, at its peak."""
    seed: int = 1

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            _check_choice(name, getattr(self, name), allowed)
        for name, (low, high) in INTEGERS.items():
            value = getattr(self, name)
            if name not in OPEN or value is not None:
                _check_integer(name, value, low, high)
        for name in TEXTS:
            _check_text(name, getattr(self, name))
        for name, (least, most) in NUMBERS.items():
            _check_number(name, getattr(self, name), least, most)
        for name in ("tie_embeddings", "memorize"):
            _check_flag(name, getattr(self, name))
        self._check_widths()

    @property
    def output_width(self) -> int:
        """Width of the last layer's output: of its projection, where it has one."""
        return self.projection or (max(1, self.units // 2) if self.cell == "projected-lstm" else self.units)

    def _check_widths(self) -> None:
        width = self.output_width
        if self.tie_embeddings and width != self.embedding:
            raise UsageError(
                f"tie_embeddings needs an embedding as wide as the last layer's output ({width}), "
                f"not {self.embedding}; give --embedding {width}, or --projection {self.embedding}"
            )

    def to_dict(self) -> dict[str, Any]:
        """All options, of JSON types."""
        return asdict(self)


def _check_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")


def _check_integer(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise UsageError(f"{name} must be a whole number from {low} to {high}, not {value!r}")


def _check_text(name: str, value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value):
        raise UsageError(f"{name} must be text or left out, not {value!r}")


def _check_number(name: str, value: object, low: float, high: float) -> None:
    if type(value) not in (int, float) or not low <= value <= high:  # type: ignore[operator]
        raise UsageError(f"{name} must be a number from {low} to {high}, not {value!r}")


def _check_flag(name: str, value: object) -> None:
    if type(value) is not bool:
        raise UsageError(f"{name} must be true or false, not {value!r}")

"""edgeword: next-word language models on a device, with numpy and one inference engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeword.answers import Generation, Score, Suggestion, Timings
from edgeword.bundle.bundle import Bundle
from edgeword.choice.choosing import EdgewordWarning
from edgeword.errors import (
    BundleError,
    EdgewordError,
    EngineError,
    GateError,
    InputFileError,
    MissingEngineError,
    TokenizerError,
    UsageError,
)
from edgeword.generation.options import GenerationOptions
from edgeword.language_model import LanguageModel, load
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword.version import __version__

if TYPE_CHECKING:
    from edgeword.session.session import Session

__all__ = [
    "Bundle",
    "BundleError",
    "EdgewordError",
    "EdgewordWarning",
    "EngineError",
    "GateError",
    "Generation",
    "GenerationOptions",
    "InputFileError",
    "LanguageModel",
    "MissingEngineError",
    "Score",
    "Session",
    "Suggestion",
    "Timings",
    "Tokenizer",
    "TokenizerError",
    "UsageError",
    "__version__",
    "load",
]


def __getattr__(name: str) -> Any:
    """`Session`, which those who begin none need not wait for: it would add to every cold start."""
    if name == "Session":
        from edgeword.session.session import Session

        return Session
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

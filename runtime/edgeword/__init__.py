"""edgeword: next-word language models on a device, with numpy and one inference engine."""

from __future__ import annotations

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
from edgeword.session.session import Session
from edgeword.tokenizers.tokenizer import Tokenizer
from edgeword.version import __version__

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

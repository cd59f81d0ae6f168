"""edgeword: next-word language models on a device, with numpy and one inference engine.

>>> import edgeword
>>> lm = edgeword.load("bundle/")
>>> lm.generate("LSTM networks are", max_words=8).text
' built from gates, and a small battery'
>>> lm.suggest("a long short-term", k=3, prefix="me")
[Suggestion(word='memory', probability=0.99)]

`edgeword_export.export` makes a bundle of a Keras model, `edgeword_bench.benchmark` measures its latency.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgeword.version import __version__

if TYPE_CHECKING:
    from edgeword.answers import Generation, Score, Suggestion, Timings
    from edgeword.bundle.bundle import Bundle
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


# Imported when they are first asked for: the command line looks for signals before numpy is there, and who begins no
# session waits for none.
_HOMES = {
    "Bundle": "edgeword.bundle.bundle",
    "BundleError": "edgeword.errors",
    "EdgewordError": "edgeword.errors",
    "EdgewordWarning": "edgeword.errors",
    "EngineError": "edgeword.errors",
    "GateError": "edgeword.errors",
    "Generation": "edgeword.answers",
    "GenerationOptions": "edgeword.generation.options",
    "InputFileError": "edgeword.errors",
    "LanguageModel": "edgeword.language_model",
    "MissingEngineError": "edgeword.errors",
    "Score": "edgeword.answers",
    "Session": "edgeword.session.session",
    "Suggestion": "edgeword.answers",
    "Timings": "edgeword.answers",
    "Tokenizer": "edgeword.tokenizers.tokenizer",
    "TokenizerError": "edgeword.errors",
    "UsageError": "edgeword.errors",
    "load": "edgeword.language_model",
}


def __getattr__(name: str) -> Any:
    """The public names."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

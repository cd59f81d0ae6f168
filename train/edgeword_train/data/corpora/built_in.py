"""The built-in corpora by name, line by line."""

from __future__ import annotations

import importlib
import importlib.resources
from collections.abc import Callable, Mapping

from edgeword.errors import InputFileError, UsageError
from edgeword_train.data.corpora.prose import prose


def read_corpus(name: str) -> list[str]:
    """The lines of a built-in corpus, none empty; UsageError for a name that is none of `CORPORA`."""
    if name not in CORPORA:
        raise UsageError(f"There is no built-in corpus {name!r}; choose one of: {CORPUS_NAMES}.")
    return CORPORA[name]()


def read_primer() -> list[str]:
    """The primer, one thought a line."""
    text = importlib.resources.files("edgeword_train.data.corpora").joinpath("primer.txt").read_text(encoding="utf-8")
    return text.splitlines()


def read_python_docs() -> list[str]:
    """The reference, one paragraph a line, each once; InputFileError where this Python lacks it."""
    topics = load_topics()
    paragraphs = (line for name in sorted(topics) for line in prose(topics[name]))
    return list(dict.fromkeys(paragraphs))


def load_topics() -> Mapping[str, str]:
    """The documentation topics of the running Python, by name."""
    try:
        module = importlib.import_module("pydoc_data.topics")
    except ImportError as error:
        raise InputFileError(
            "The corpus 'python-docs' is not here: this Python was installed without pydoc_data.topics; "
            "give a text file instead, or the built-in corpus 'primer'."
        ) from error
    topics: Mapping[str, str] = module.topics
    return topics


CORPORA: Mapping[str, Callable[[], list[str]]] = {"primer": read_primer, "python-docs": read_python_docs}
CORPUS_NAMES = ", ".join(CORPORA)

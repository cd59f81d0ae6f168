"""Bulk on a cluster: the class that Ray Data's `map_batches` is given. Ray itself is not imported here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeword.answers import Generation
from edgeword.bulk.answering import Asked, generations, said_of
from edgeword.bulk.lines import OWN_KEYS
from edgeword.bulk.prompts import Prompt
from edgeword.choice.choosing import PrecisionChoice
from edgeword.engines.engine import EngineChoice
from edgeword.errors import UsageError
from edgeword.generation.options import GenerationOptions
from edgeword.language_model import load

Columns = Mapping[str, Sequence[Any] | NDArray[Any]]
_SAID = ("text", "words", "ids", "logprobs", "finish_reason", "oov_rate", "engine", "precision", "decode")


class BulkGenerator:
    """Loads a bundle once for each actor; then batches of columns come in, and go out with those of `edgeword bulk`.

    Those need the column `prompt`, and `index` where words are drawn, which takes a `seed`; other columns are carried
    along. The column `error` says why a prompt cannot be used, and is None where it can. As in `bulk`, `batch` texts
    are decoded together; `trusted_key` names a file on each actor's machine. Raises what
    `edgeword.load` raises, and UsageError for options out of their range.
    """

    def __init__(
        self,
        bundle: str | os.PathLike[str],
        *,
        engine: EngineChoice = "auto",
        precision: PrecisionChoice = "auto",
        threads: int = 1,
        batch: int | None = None,
        trusted_key: str | os.PathLike[str] | None = None,
        minimum_release: int | None = None,
        **options: Any,
    ) -> None:
        self._asked = Asked(GenerationOptions(**options), batch)
        if self._asked.options.temperature and self._asked.options.seed is None:
            raise UsageError("words are drawn, and each actor would draw with a seed of its own; give the seed")
        self._lm = load(bundle, engine, precision, threads, trusted_key=trusted_key, minimum_release=minimum_release)

    def __call__(self, columns: Columns) -> dict[str, Any]:
        """The columns with the columns of what was said."""
        prompts = [_prompt(index, text) for index, text in zip(self._indices(columns), columns["prompt"], strict=True)]
        said = list(self._said(generations(self._lm, prompts, self._asked)))
        carried = {
            name: column for name, column in columns.items() if name not in OWN_KEYS or name in ("index", "prompt")
        }
        own = {name: _column([row.get(name) for row in said]) for name in _SAID}
        return {**carried, **own, "error": _column([prompt.error for prompt in prompts])}

    def _indices(self, columns: Columns) -> Iterable[int]:
        """Of each row; any where nothing depends on it."""
        if "index" in columns:
            return map(int, columns["index"])
        if self._asked.options.temperature:
            raise UsageError('a text is drawn by the seed and its own index; give the data set a column "index"')
        return range(len(columns["prompt"]))

    def _said(self, found: Iterator[Generation | None]) -> Iterator[dict[str, Any]]:
        for generation in found:
            yield {} if generation is None else said_of(self._lm, generation)


def _prompt(index: int, text: Any) -> Prompt:
    if isinstance(text, str):
        return Prompt(index, str(text), "")
    return Prompt(index, "", "", f"the prompt is a {type(text).__name__}; give a text")


def _column(values: Sequence[Any]) -> NDArray[Any]:
    """Of objects: lists of one length would become a table."""
    column = np.empty(len(values), dtype=object)
    column[:] = [list(value) if isinstance(value, tuple) else value for value in values]
    return column

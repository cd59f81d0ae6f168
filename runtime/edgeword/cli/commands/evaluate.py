"""`edgeword evaluate`: how good each variant is on a text."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any, cast

from edgeword.bundle.manifest import Variant
from edgeword.choice.choosing import candidates
from edgeword.cli.command import Command
from edgeword.cli.options import add_trust, positive, trust_keywords, trusted_bundle, warnings_as_lines
from edgeword.cli.terminal import show
from edgeword.engines.engine import ENGINES, EngineName
from edgeword.engines.quiet import native_stderr_to_null
from edgeword.errors import UsageError
from edgeword.evaluating.evaluation import Evaluation
from edgeword.input_files import TEXT, legible, lines_of
from edgeword.language_model import LanguageModel, load
from edgeword.precisions import PRECISIONS, PrecisionName
from edgeword.records import json_text
from edgeword.tables import aligned
from edgeword.tokenizers.markers import MARKERS

_HEADER = ("engine", "precision", "size", "perplexity", "top-1", "top-3", "keys saved")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument("text", metavar="TEXT", help="a UTF-8 file that the model was not trained on; a text a line")
    parser.add_argument("--lines", type=positive, metavar="N", help="the first N lines that hold text; default: all")
    parser.add_argument("--engine", choices=("auto", *ENGINES), default="auto", help="default: every installed one")
    parser.add_argument(
        "--precision",
        choices=("auto", *PRECISIONS),
        default="auto",
        metavar="PRECISION",
        help=f"{', '.join(PRECISIONS)}; default: every one",
    )
    add_trust(parser)
    parser.add_argument("--markers", choices=MARKERS, help="markers like <unk> in the text; default: as in training")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(arguments: argparse.Namespace) -> int:
    bundle, lines = trusted_bundle(arguments), list(islice(_lines(arguments.text), arguments.lines))
    if not lines:
        raise UsageError(f"no line of {arguments.text} holds text; give one that does")
    rows = []
    with warnings_as_lines():
        for engine, variant in candidates(bundle, arguments.engine, arguments.precision):
            with _quietly_loaded(arguments, engine.name, variant) as lm:
                rows.append((engine.name, variant, lm.evaluate(lines, arguments.markers)))
    if arguments.json:
        found = [_facts(evaluation, engine=name, variant=variant) for name, variant, evaluation in rows]
        print(json_text({"text": legible(arguments.text), "results": found}))
        return 0
    first = rows[0][2]
    print(f"{first.words:,} words, {first.oov_rate:.1%} of them not in the vocabulary")
    show(*aligned([_HEADER, *(_cells(*row) for row in rows)]))
    return 0


@contextmanager
def _quietly_loaded(arguments: argparse.Namespace, engine: EngineName, variant: Variant) -> Iterator[LanguageModel]:
    precision = cast(PrecisionName, variant.precision)
    with native_stderr_to_null(), load(arguments.bundle, engine, precision, **trust_keywords(arguments)) as lm:
        yield lm


def _lines(path: str) -> Iterator[str]:
    """The lines that hold text, read as they are asked for; raises InputFileError."""
    return (line for line in map(str.strip, lines_of(path, TEXT)) if line)


def _facts(evaluation: Evaluation, *, engine: str, variant: Variant) -> dict[str, Any]:
    """A row as JSON; what nothing is known of is null."""
    figures = {name: None if math.isnan(value) else value for name, value in asdict(evaluation).items()}
    return {"engine": engine, "format": variant.format, "precision": variant.precision, "size": variant.size, **figures}


def _cells(engine: str, variant: Variant, evaluation: Evaluation) -> tuple[str, ...]:
    return (
        engine,
        variant.precision,
        f"{variant.size / 1e6:.2f} MB",
        f"{evaluation.perplexity:.2f}",
        f"{evaluation.top1:.1%}",
        f"{evaluation.top3:.1%}",
        f"{evaluation.keystroke_savings:.1%}",
    )


EVALUATE = Command(
    "evaluate",
    "measure every variant on a text of your own",
    _add_arguments,
    _run,
    ("demo/bundle text.txt --lines 100",),
)

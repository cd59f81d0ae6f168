"""`edgeword bulk`: a line of JSON for each of many prompts."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from edgeword.cli.bar import Bar
from edgeword.cli.command import Command
from edgeword.cli.generation_options import add_generation_options, generation_keywords
from edgeword.cli.options import (
    add_choice_of_variant,
    add_decode,
    add_trust,
    check_decode,
    load_quietly,
    positive,
    trust_keywords,
)
from edgeword.cli.terminal import complain

if TYPE_CHECKING:
    from edgeword.bulk.running import Result


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument(
        "prompts", metavar="PROMPTS", help='.txt, one a line; .jsonl, {"prompt": "…"}; .gz of either; - standard input'
    )
    parser.add_argument("--out", required=True, metavar="FILE.jsonl", help="the file to be written, a line a prompt")
    parser.add_argument("--resume", action="store_true", help="finish a file whose run ended early")
    parser.add_argument("--workers", type=positive, default=1, metavar="N", help="processes; default: 1")
    parser.add_argument("--batch", type=positive, metavar="N", help="texts that a process decodes together")
    add_generation_options(parser)
    add_choice_of_variant(parser)
    add_trust(parser)
    add_decode(parser)


def _run(arguments: argparse.Namespace) -> int:
    check_decode(arguments)
    keywords = generation_keywords(arguments)
    from edgeword.bulk.running import bulk  # with all that processes need

    with Bar(sys.stderr) as bar:
        result = bulk(
            arguments.bundle,
            arguments.prompts,
            arguments.out,
            engine=arguments.engine,
            precision=arguments.precision,
            threads=arguments.threads,
            batch=arguments.batch,
            workers=arguments.workers,
            resume=arguments.resume,
            report=bar.draw,
            load=load_quietly,
            **trust_keywords(arguments),
            **keywords,
        )
    return _summary(arguments.out, result)


def _summary(out: str, result: Result) -> int:
    if not result.errors:
        return 0
    which = "1 prompt" if result.errors == 1 else f"{result.errors:,} prompts"
    complain(f'{which} of {result.lines:,} cannot be used; {out} says why under "error"')
    return 1


BULK = Command(
    "bulk",
    "continue many prompts, a line of JSON for each",
    _add_arguments,
    _run,
    ("demo/bundle prompts.txt --out answers.jsonl --workers 2",),
)

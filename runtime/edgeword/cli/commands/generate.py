"""`edgeword generate`: the next words of a prompt."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from typing import Any

from edgeword.answers import Generation, generation_dict
from edgeword.cli.command import Command
from edgeword.cli.generation_options import add_generation_options, generation_keywords
from edgeword.cli.options import add_choice_of_variant, add_decode, add_trust, check_decode, given_or_read, load_for
from edgeword.cli.terminal import complain, escaped, tell_next
from edgeword.language_model import LanguageModel
from edgeword.records import json_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument("prompt", metavar="PROMPT", nargs="?", help="read from standard input where it is left out")
    add_generation_options(parser)
    add_choice_of_variant(parser)
    add_trust(parser)
    add_decode(parser)
    parser.add_argument("--no-stream", action="store_true", help="print when all words are there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(arguments: argparse.Namespace) -> int:
    check_decode(arguments)
    keywords = generation_keywords(arguments)
    lm = load_for(arguments)
    prompt = given_or_read(arguments.prompt, "prompt")
    _warn(lm, prompt)
    if arguments.json:
        print(json_text(_as_json(lm, lm.generate(prompt, **keywords))))
    elif arguments.no_stream:
        print(_shown(lm, lm.generate(prompt, **keywords).text.lstrip(" ")))
    else:
        _stream(lm, lm.stream(prompt, **keywords))
    if not arguments.json:
        tell_next("info", arguments.bundle)
    return 0


def _warn(lm: LanguageModel, prompt: str) -> None:
    rate = lm.tokenizer.oov_rate(prompt)
    if rate > 0:
        complain(f"{rate:.0%} of the prompt is not in the vocabulary (OOV)")


def _stream(lm: LanguageModel, words: Iterator[str]) -> None:
    begun = False
    for piece in lm.tokenizer.joined(words):
        # What joins the first word to the prompt has nothing before it here.
        print(_shown(lm, piece if begun else piece.lstrip(" ")), end="", flush=True)
        begun = True
    print()


def _shown(lm: LanguageModel, text: str) -> str:
    """Generated text as a terminal shows it; ends of lines belong to a text that is not made of words alone."""
    return escaped(text, keep="" if lm.tokenizer.level == "word" else "\n\t")


def _as_json(lm: LanguageModel, generation: Generation) -> dict[str, Any]:
    data = generation_dict(generation, lm.engine, lm.precision, lm.decode)
    return {**data, "timings": dataclasses.asdict(generation.timings)}


GENERATE = Command(
    "generate",
    "continue a prompt with the next words",
    _add_arguments,
    _run,
    (
        'demo/bundle "LSTM networks are" -n 8',
        'demo/bundle "LSTM networks are" --temperature 0.8 --top-k 40 --seed 1',
    ),
)

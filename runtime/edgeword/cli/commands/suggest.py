"""`edgeword suggest`: the most probable next words, or the ends of a word that was begun."""

from __future__ import annotations

import argparse
import dataclasses

from edgeword.cli.command import Command
from edgeword.cli.generation_options import add_allow_and_deny, generation_keywords
from edgeword.cli.options import add_choice_of_variant, add_trust, given_or_read, load_for, positive, utf8
from edgeword.cli.terminal import show, tell_next
from edgeword.records import json_text


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument(
        "context",
        metavar="CONTEXT",
        nargs="?",
        help="the text before the word, '' for none; read from standard input if left out",
    )
    parser.add_argument("-k", type=positive, default=3, help="how many words; default: 3")
    parser.add_argument("--prefix", default="", metavar="PARTIAL", help="the letters typed already")
    add_allow_and_deny(parser)
    add_choice_of_variant(parser)
    add_trust(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(arguments: argparse.Namespace) -> int:
    prefix = utf8(arguments.prefix, "prefix")
    keywords = generation_keywords(arguments)
    lm = load_for(arguments)
    context = given_or_read(arguments.context, "context")
    suggestions = lm.suggest(context, arguments.k, prefix, **keywords)
    if arguments.json:
        rows = [dataclasses.asdict(suggestion) for suggestion in suggestions]
        found = {"context": context, "prefix": prefix, "suggestions": rows}
        print(json_text(found))
        return 0
    for suggestion in suggestions:
        show(f"{suggestion.probability:7.2%}  {suggestion.word}")
    if not suggestions:
        show(f"no word that may be said begins with {prefix!r}")
    tell_next("generate", arguments.bundle, context)
    return 0


SUGGEST = Command(
    "suggest",
    "name the most probable next words",
    _add_arguments,
    _run,
    ('demo/bundle "a long short-term" --prefix me',),
)

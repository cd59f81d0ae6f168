"""The `edgeword` line: parsing, printing, exit codes. What it does is in the functions behind it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from edgeword.command import Command
from edgeword.errors import EdgewordError, UsageError
from edgeword.version import __version__

INTERRUPTED = 130


def _generate() -> Command:
    from edgeword.commands.generate import GENERATE

    return GENERATE


def _info() -> Command:
    from edgeword.commands.info import INFO

    return INFO


# What the runtime does itself. Other packages add to it through the entry-point group `edgeword.commands`,
# which is looked at only when the command is none of these: scanning it takes longer than a word.
_OWN: dict[str, Callable[[], Command]] = {"generate": _generate, "info": _info}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a gate failed, 2 bad input, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        command = _find(words[0]) if words and not words[0].startswith("-") else None
        if command is None:
            return _overview(words)
        parser = _Parser(f"edgeword {command.name}", description=command.summary, allow_abbrev=False)
        command.add_arguments(parser)
        return command.run(parser.parse_intermixed_args(words[1:]))
    except EdgewordError as error:
        print(f"edgeword: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("edgeword: interrupted", file=sys.stderr)
        return INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see: {self.prog} --help")


def _find(name: str) -> Command:
    if name in _OWN:
        return _OWN[name]()
    found = _registered()
    if name in found:
        return found[name]()
    names = ", ".join(sorted({*_OWN, *found}))
    raise UsageError(f"there is no command {name!r}; the commands are {names}")


def _registered() -> dict[str, Callable[[], Command]]:
    from importlib.metadata import entry_points

    return {point.name: point.load for point in entry_points(group="edgeword.commands")}


def _overview(words: Sequence[str]) -> int:
    if words and words[0] in ("-V", "--version"):
        print(f"edgeword {__version__}")
        return 0
    if words and words[0] not in ("-h", "--help"):
        raise UsageError(f"unknown option {words[0]!r}; see: edgeword --help")
    commands = {name: load() for name, load in {**_OWN, **_registered()}.items()}
    print("usage: edgeword COMMAND …\n\nNext-word language models on a device.\n")
    for name in sorted(commands):
        print(f"  {name:<10} {commands[name].summary}")
    print("\nnext: edgeword demo")
    return 0 if words else 2

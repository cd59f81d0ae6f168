"""Which commands there are, and the parser of each."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn, cast

from edgeword.cli.command import Command
from edgeword.errors import UsageError, described

# What the runtime does itself. Other packages add to it through the entry-point group `edgeword.commands`,
# which is looked at only when the command is none of these: scanning it takes longer than a word.
_OWN = (
    *("generate", "bulk", "suggest", "evaluate", "info", "verify", "pack", "unpack", "sign", "doctor"),
    "completions",
)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see: {self.prog} --help")


def parser_of(command: Command) -> argparse.ArgumentParser:
    """The parser of a command's arguments; its help ends with the examples. Raises UsageError for what is wrong."""
    examples = "".join(f"\n  edgeword {command.name} {line}".rstrip() for line in command.examples)
    parser = _Parser(
        f"edgeword {command.name}",
        description=command.summary,
        epilog=f"example{'s' * (len(command.examples) > 1)}:{examples}" if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    return parser


def find(name: str) -> Command:
    """The command of a name; raises UsageError where there is none, or none that can be loaded."""
    if name in _OWN:
        return _own(name)
    found = _registered()
    if name in found:
        return _loaded(name, found[name])
    names = ", ".join(sorted({*_OWN, *found}))
    raise UsageError(f"there is no command {name!r}; the commands are {names}")


def found_commands() -> dict[str, Command | str]:
    """Every command by its name, sorted; of one that cannot be loaded, why."""
    registered = {name: _loaded_or_why(name, load) for name, load in _registered().items()}
    return dict(sorted({**registered, **{name: _own(name) for name in _OWN}}.items()))


def _own(name: str) -> Command:
    """The command that the module of its name in `commands` ends with."""
    return cast(Command, getattr(import_module(f"edgeword.cli.commands.{name}"), name.upper()))


def _registered() -> dict[str, Callable[[], object]]:
    from importlib.metadata import entry_points

    return {point.name: point.load for point in entry_points(group="edgeword.commands")}


def _loaded(name: str, load: Callable[[], object]) -> Command:
    """The command of another package; raises UsageError for one that cannot be loaded."""
    try:
        command = load()
    except (Exception, SystemExit) as error:  # whatever a package that is broken does
        raise UsageError(
            f"the command {name} cannot be loaded ({described(error)}); install its package again"
        ) from None
    if not isinstance(command, Command):
        raise UsageError(f"the command {name} cannot be loaded (it is no Command); install its package again")
    return command


def _loaded_or_why(name: str, load: Callable[[], object]) -> Command | str:
    try:
        return _loaded(name, load)
    except UsageError as error:
        return str(error)

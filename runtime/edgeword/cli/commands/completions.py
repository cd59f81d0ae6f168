"""`edgeword completions`: what a shell needs to complete the words of this line, from the commands' own parsers."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

from edgeword.cli.command import Command
from edgeword.cli.finding import found_commands, parser_of
from edgeword.cli.terminal import show
from edgeword.frozen import frozen


@frozen
class _Option:
    """An option, or what stands in the place of one that has a choice."""

    flags: tuple[str, ...]
    """None of them: an argument."""
    choices: tuple[str, ...]
    takes_value: bool
    about: str


_Table = dict[str, tuple[str, list[_Option]]]
"""Commands, what each does, and its options."""


def _table() -> _Table:
    commands = {name: found for name, found in found_commands().items() if isinstance(found, Command)}
    return {name: (command.summary, list(_options(parser_of(command)))) for name, command in commands.items()}


def _options(parser: argparse.ArgumentParser) -> Iterator[_Option]:
    for action in parser._actions:
        choices = tuple(map(str, action.choices or ()))
        if action.option_strings or choices:
            about = (action.help or "").replace("%%", "%")
            yield _Option(tuple(action.option_strings), choices, action.nargs != 0, about)


_BASH = """\
_edgeword() {
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="%(commands)s"
    else
        case "${COMP_WORDS[1]} $before" in
%(values)s
        *) case "${COMP_WORDS[1]} $word" in
%(options)s
        esac ;;
        esac
    fi
    # Nothing here: bash goes on with files.
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _edgeword edgeword
"""

_ZSH = """\
#compdef edgeword
_edgeword() {
    local word="$words[CURRENT]" before="$words[CURRENT-1]" found=""
    if (( CURRENT == 2 )); then
        found="%(commands)s"
    else
        case "$words[2] $before" in
%(values)s
        *) case "$words[2] $word" in
%(options)s
        esac ;;
        esac
    fi
    if [[ -n "$found" ]]; then compadd -- ${(s: :)found}; else _files; fi
}
if [[ "$funcstack[1]" == _edgeword ]]; then _edgeword "$@"; else compdef _edgeword edgeword; fi
"""


def _cases(template: str, variable: str) -> Callable[[_Table], str]:
    """The script of a shell that has `case`."""

    def script(table: _Table) -> str:
        values, options = [], []
        for name, (_, rows) in table.items():
            chosen = [(flag, row.choices) for row in rows for flag in row.flags if row.choices]
            values += [_case(f'"{name} {flag}"', variable, choices) for flag, choices in chosen]
            flags = [flag for row in rows for flag in row.flags]
            options.append(_case(f'"{name} -"*', variable, flags))
            options += [_case(f'"{name} "*', variable, row.choices) for row in rows if not row.flags]
        return template % {"commands": " ".join(table), "values": "\n".join(values), "options": "\n".join(options)}

    return script


def _case(pattern: str, variable: str, words: Sequence[str]) -> str:
    return f'        {pattern}) {variable}="{" ".join(words)}" ;;'


def _fish(table: _Table) -> str:
    lines = []
    for name, (summary, rows) in table.items():
        lines.append(f"complete -c edgeword -n __fish_use_subcommand -f -a {name} -d {_fish_text(summary)}")
        for row in rows:
            line = f"complete -c edgeword -n '__fish_seen_subcommand_from {name}'"
            for flag in row.flags:
                line += f" -l {flag[2:]}" if flag.startswith("--") else f" -s {flag[1:]}"
            if row.choices:
                line += f" -x -a {_fish_text(' '.join(row.choices))}"
            elif row.takes_value:
                line += " -r"
            lines.append(f"{line} -d {_fish_text(row.about)}")
    return "\n".join(lines) + "\n"


def _fish_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_SHELLS: dict[str, Callable[[_Table], str]] = {
    "bash": _cases(_BASH, "words"),
    "zsh": _cases(_ZSH, "found"),
    "fish": _fish,
}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=tuple(_SHELLS), help=", ".join(_SHELLS))


def _run(arguments: argparse.Namespace) -> int:
    show(*_SHELLS[arguments.shell](_table()).splitlines())
    return 0


COMPLETIONS = Command(
    "completions",
    "print what a shell needs to complete these commands",
    _add_arguments,
    _run,
    (
        "bash > ~/.local/share/bash-completion/completions/edgeword",
        "zsh > ~/.zfunc/_edgeword",
        "fish > ~/.config/fish/completions/edgeword.fish",
    ),
)

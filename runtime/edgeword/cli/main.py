"""The `edgeword` line: parsing, printing, exit codes. What it does is in the functions behind it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from edgeword import interruption
from edgeword.cli.finding import find, found_commands, parser_of
from edgeword.cli.terminal import complain, own_command, settle, show, tell_next
from edgeword.errors import EdgewordError, UsageError
from edgeword.input_files import legible
from edgeword.version import __version__

INTERRUPTED = 130


def entry() -> NoReturn:
    """The `edgeword` script: signals are looked for before anything heavy is imported, and none disturbs the exit."""
    interruption.install()
    settle(sys.stdout, sys.stderr)
    code = _answered(sys.argv[1:])
    interruption.ignore()
    if code == interruption.EXIT_CODE:
        _end_by_exit_code()
    sys.exit(code)


def _end_by_exit_code() -> None:
    """Let the process end by its exit code, and not by a signal to itself.

    CPython does the latter once an interruption went through `PyRun_String`, with which C extensions run Python while
    they are imported; running anything else that way forgets it (`unhandled_keyboard_interrupt`, pythonrun.c).
    """
    import ctypes

    ctypes.pythonapi.PyRun_SimpleString(b"pass")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a gate failed, 2 bad input, 130 interrupted."""
    with interruption.watched():
        return _answered(sys.argv[1:] if arguments is None else arguments)


def _answered(words: Sequence[str]) -> int:
    if sys.stderr is None:  # closed by the caller: what is printed there must not land among the results
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (open as long as the process)
    try:
        return _without_traceback(list(words))
    except KeyboardInterrupt:
        interruption.ignore()
        return _fail("interrupted", interruption.EXIT_CODE)


def _without_traceback(words: Sequence[str]) -> int:
    """Run a command, with each error that a user can cause as one line; KeyboardInterrupt passes through."""
    try:
        code = _run(words)
        if sys.stdout is not None:
            sys.stdout.flush()  # what fails here would fail at the interpreter's exit, with a traceback
    except Exception as error:
        interruption.check()  # what was interrupted may have made a failure of its own of it
        return _failed(error)
    interruption.check()
    return code


def _failed(error: Exception) -> int:
    if isinstance(error, EdgewordError):
        return _fail(str(error), error.exit_code)
    if isinstance(error, UnicodeEncodeError):
        return _fail(f"the output cannot be written in {error.encoding}; set PYTHONIOENCODING=utf-8")
    if not isinstance(error, OSError):
        raise error  # a fault of edgeword's own
    _discard_output()
    return 0 if isinstance(error, BrokenPipeError) else _fail(f"{error}; see to its disk or its permissions")


def _run(words: Sequence[str]) -> int:
    if not words or words[0].startswith("-"):
        return _overview(words)
    command = find(legible(words[0]))
    try:
        arguments = parser_of(command).parse_intermixed_args(words[1:])
    except SystemExit:  # --help was printed; errors are raised as UsageError
        return 0
    return command.run(arguments)


def _fail(message: str, code: int = EdgewordError.exit_code) -> int:
    complain(message)
    return code


def _discard_output() -> None:
    """Send what standard output still holds nowhere, for where it should go it cannot."""
    with suppress(OSError, AttributeError):  # it may be no file, or None
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _overview(words: Sequence[str]) -> int:
    if words and words[0] in ("-V", "--version"):
        print(f"edgeword {__version__}")
        return 0
    if words and words[0] not in ("-h", "--help"):
        raise UsageError(f"unknown option {words[0]!r}; see: edgeword --help")
    print("usage: edgeword COMMAND …\n\nNext-word language models on a device.\n")
    for name, command in found_commands().items():
        show(f"  {name:<12}{command if isinstance(command, str) else command.summary}")
    show("", f"what a command takes: {own_command('COMMAND')} --help")
    tell_next("demo")
    return 0 if words else 2

"""A command of the `edgeword` line, as other packages register it under `edgeword.commands`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from edgeword.frozen import frozen


@frozen
class Command:
    """A subcommand; `run` returns the exit code, an example is what follows its name."""

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    examples: tuple[str, ...] = ()

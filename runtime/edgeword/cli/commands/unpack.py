"""`edgeword unpack`: a folder of a bundle in one file."""

from __future__ import annotations

import argparse

from edgeword.bundle.bundle import Bundle
from edgeword.cli.command import Command
from edgeword.cli.terminal import show, tell_next
from edgeword.files import check_output, write_folder


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="FILE.edgeword")
    parser.add_argument("--out", metavar="BUNDLE", required=True, help="the folder to be written")


def _run(arguments: argparse.Namespace) -> int:
    check_output(arguments.out)
    contents = Bundle(arguments.bundle).contents()
    write_folder(arguments.out, contents)
    show(f"unpacked     {len(contents)} files")
    tell_next("verify", arguments.out)
    return 0


UNPACK = Command(
    "unpack", "make a folder of a bundle in one file", _add_arguments, _run, ("words.edgeword --out bundle",)
)

"""`edgeword pack`: a bundle in one file."""

from __future__ import annotations

import argparse
import os

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.packed import packed
from edgeword.cli.command import Command
from edgeword.cli.terminal import show, tell_next
from edgeword.errors import InputFileError
from edgeword.files import write_file


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE")
    parser.add_argument("file", metavar="FILE.edgeword", help="the file to be written, which every command reads")


def _run(arguments: argparse.Namespace) -> int:
    if os.path.lexists(arguments.file):
        raise InputFileError(f"{arguments.file} exists; choose another name or remove it first")
    bundle = Bundle(arguments.bundle)
    contents = bundle.contents()
    content = packed(contents)
    write_file(arguments.file, content)
    show(f"packed       {len(contents)} files, {len(content) / 1e6:.2f} MB")
    for name in bundle.unlisted():
        show(f"left out     {name}  is no part of the bundle")
    tell_next("verify", arguments.file)
    return 0


PACK = Command(
    "pack", "put a bundle into one file, which is read in place", _add_arguments, _run, ("demo/bundle words.edgeword",)
)

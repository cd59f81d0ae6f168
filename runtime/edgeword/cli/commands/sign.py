"""`edgeword sign`: a signature over a bundle."""

from __future__ import annotations

import argparse

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.signing import sign
from edgeword.cli.command import Command
from edgeword.cli.terminal import next_command, show


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="a folder or a packed file, to which the signature is added")
    parser.add_argument("--key", metavar="FILE", required=True, help="a private Ed25519 key, PEM")


def _run(arguments: argparse.Namespace) -> int:
    sign(Bundle(arguments.bundle), arguments.key)
    show(f"signed       {arguments.bundle}")
    show(next_command("edgeword", "verify", arguments.bundle, "--trusted-key", "FILE"))
    return 0


SIGN = Command("sign", "sign a bundle with a key of your own", _add_arguments, _run)

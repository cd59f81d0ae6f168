"""`edgeword sign`: a signature over a bundle."""

from __future__ import annotations

import argparse

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.signing import sign
from edgeword.cli.command import Command
from edgeword.cli.options import positive
from edgeword.cli.terminal import show, tell_next


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="a folder or a packed file, to which the signature is added")
    parser.add_argument("--key", metavar="FILE", required=True, help="a private Ed25519 key, PEM")
    parser.add_argument(
        "--release", type=positive, metavar="N", help="its number, from 1 on: devices that ask for N refuse lower ones"
    )


def _run(arguments: argparse.Namespace) -> int:
    statement = sign(Bundle(arguments.bundle), arguments.key, arguments.release)
    show(f"signed       {arguments.bundle}, {statement.numbered}", f"key          {statement.key}")
    tell_next("verify", arguments.bundle, "--trusted-key", "FILE")
    return 0


SIGN = Command("sign", "sign a bundle with a key of your own", _add_arguments, _run, ("demo/bundle --key private.pem",))

"""Ed25519 keys in PEM files, as `openssl genpkey -algorithm ed25519` makes them.

`cryptography`, of the extra `sign`, does the reckoning.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from edgeword.bundle.seal import digest
from edgeword.errors import InputFileError
from edgeword.extras import MissingExtraError
from edgeword.input_files import KEY, read_bounded
from edgeword.installing import install_command

if TYPE_CHECKING:
    from types import ModuleType

# What stands before the 32 bytes of a public key in its DER form: RFC 8410, section 4.
_DER_PREFIX = bytes.fromhex("302a300506032b6570032100")

_MAKE = {
    "private": "make one with: openssl genpkey -algorithm ed25519 -out KEY",
    "public": "make it of the private one with: openssl pkey -in KEY -pubout -out TRUSTED",
}


def private_key(path: str | os.PathLike[str]) -> Any:
    """The key of a file, of `cryptography`; raises InputFileError, MissingExtraError."""
    return _key(path, "private")


def public_key(path: str | os.PathLike[str]) -> bytes:
    """The 32 bytes of a file's key; raises InputFileError, MissingExtraError."""
    raw: bytes = _key(path, "public").public_bytes_raw()
    return raw


def fingerprint(public: bytes) -> str:
    """Of a public key: the SHA-256, in hexadecimal, of what `openssl pkey -pubin -outform DER` writes."""
    return digest(_DER_PREFIX + public)


def is_signed(content: bytes, signature: bytes, public: bytes) -> bool:
    """Whether the owner of the key signed the content; raises MissingExtraError."""
    key = _cryptography("hazmat.primitives.asymmetric.ed25519").Ed25519PublicKey.from_public_bytes(public)
    try:
        key.verify(signature, content)
    except _cryptography("exceptions").InvalidSignature:
        return False
    return True


def _key(path: str | os.PathLike[str], kind: str) -> Any:
    """An Ed25519 key, `private` or `public`."""
    serialization = _cryptography("hazmat.primitives.serialization")
    ed25519 = _cryptography("hazmat.primitives.asymmetric.ed25519")
    content = read_bounded(path, KEY)
    try:
        if kind == "private":
            key, expected = serialization.load_pem_private_key(content, None), ed25519.Ed25519PrivateKey
        else:
            key, expected = serialization.load_pem_public_key(content), ed25519.Ed25519PublicKey
    except Exception:  # ValueError, TypeError for a password, UnsupportedAlgorithm: whatever is wrong with it
        key, expected = None, ()
    if not isinstance(key, expected):
        raise InputFileError(f"{os.fspath(path)} is no {kind} Ed25519 key in PEM without a password; {_MAKE[kind]}")
    return key


def _cryptography(module: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(f"cryptography.{module}")
    except ImportError:
        raise MissingExtraError(f"cryptography is not installed; {install_command('sign')}") from None

"""Signatures: Ed25519 over the bytes of the manifest, and through the digests in it over the whole bundle.

`cryptography`, of the extra `sign`, does the reckoning. Keys are PEM files, as `openssl genpkey -algorithm ed25519`
makes them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.store import MANIFEST_FILE, SIGNATURE_FILE
from edgeword.errors import InputFileError, SignatureError, install_command
from edgeword.extras import MissingExtraError
from edgeword.files import write_file

if TYPE_CHECKING:
    from types import ModuleType

_MAX_KEY = 1 << 16
"""Bytes of a key file."""


def sign(bundle: Bundle, key: str | os.PathLike[str]) -> None:
    """Sign a bundle, folder or file, with a private key; another signature is replaced.

    Its files are checked before. Raises BundleError, InputFileError for a key that cannot be used, MissingExtraError.
    """
    private = _key(key, "private")
    contents = bundle.contents()
    signature = private.sign(contents[MANIFEST_FILE])
    if os.path.isdir(bundle.path):
        write_file(os.path.join(bundle.path, SIGNATURE_FILE), signature)
    else:
        from edgeword.bundle.packed import packed

        write_file(bundle.path, packed({**contents, SIGNATURE_FILE: signature}))


def check_signature(path: str, manifest: bytes, signature: bytes | None, key: str | os.PathLike[str]) -> None:
    """Raise SignatureError for a manifest that was not signed with the key; else what `sign` raises of a key."""
    public, invalid = _key(key, "public"), _cryptography("exceptions").InvalidSignature
    if signature is None:
        raise SignatureError(f"{path} is not signed; sign it with: edgeword sign BUNDLE --key FILE")
    try:
        public.verify(signature, manifest)
    except invalid:
        raise SignatureError(f"{path} was not signed with the key of {os.fspath(key)}; do not use it") from None


def _key(path: str | os.PathLike[str], kind: str) -> Any:
    """An Ed25519 key, `private` or `public`."""
    serialization = _cryptography("hazmat.primitives.serialization")
    ed25519 = _cryptography("hazmat.primitives.asymmetric.ed25519")
    content = _key_file(path)
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


_MAKE = {
    "private": "make one with: openssl genpkey -algorithm ed25519 -out KEY",
    "public": "make it of the private one with: openssl pkey -in KEY -pubout -out TRUSTED",
}


def _key_file(path: str | os.PathLike[str]) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MAX_KEY)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputFileError(f"cannot read the key {os.fspath(path)}: {reason}; name another file") from None


def _cryptography(module: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(f"cryptography.{module}")
    except ImportError:
        raise MissingExtraError(f"cryptography is not installed; {install_command('sign')}") from None

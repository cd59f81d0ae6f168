"""Signing: Ed25519 over a statement of a bundle's manifest, and through the digests in it over the whole bundle."""

from __future__ import annotations

import os

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.keys import fingerprint, private_key
from edgeword.bundle.seal import digest
from edgeword.bundle.statement import Statement
from edgeword.bundle.store import MANIFEST_FILE, SIGNATURE_FILE
from edgeword.files import write_file


def sign(bundle: Bundle, key: str | os.PathLike[str], release: int | None = None) -> Statement:
    """Sign a bundle, folder or file, with a private key; another signature is replaced. Returns what was signed.

    Its files are checked before. With a release, a whole number from 1 on, devices can refuse older ones. Raises
    BundleError, UsageError for what is no release, InputFileError for a key that cannot be used, MissingExtraError.
    """
    private = private_key(key)
    contents = bundle.contents()
    statement = Statement(
        digest(contents[MANIFEST_FILE]), fingerprint(private.public_key().public_bytes_raw()), release
    )
    content = statement.to_bytes()
    signature = content + private.sign(content)
    if os.path.isdir(bundle.path):
        write_file(os.path.join(bundle.path, SIGNATURE_FILE), signature)
    else:
        from edgeword.bundle.packed import packed

        write_file(bundle.path, packed({**contents, SIGNATURE_FILE: signature}))
    return statement

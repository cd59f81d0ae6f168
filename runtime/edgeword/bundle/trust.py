"""Whose bundles are taken, and of which release at least; found out before anything else is read of one."""

from __future__ import annotations

import os

from edgeword.bundle.seal import digest
from edgeword.bundle.statement import ED25519_SIZE, check_release, statement_of
from edgeword.errors import SignatureError, UsageError
from edgeword.frozen import frozen


@frozen
class Trust:
    """A key, and perhaps a release. The key itself is here: who is handed this needs no file."""

    name: str
    """The key's file, for errors."""
    key: bytes
    """Ed25519, 32 bytes."""
    minimum_release: int | None

    def check(self, path: str, manifest: bytes, signature: bytes | None) -> None:
        """Raise SignatureError for a manifest that was not signed with the key, or is of an older release.

        Raises MissingExtraError without `cryptography`, BundleError for a statement of another version.
        """
        from edgeword.bundle.keys import fingerprint, is_signed  # few ask for it

        if signature is None:
            raise SignatureError(f"{path} is not signed; sign it with: edgeword sign BUNDLE --key FILE")
        if not is_signed(signature[:-ED25519_SIZE], signature[-ED25519_SIZE:], self.key):
            raise SignatureError(f"{path} was not signed with the key of {self.name}; do not use it")
        statement = statement_of(signature, path)
        if (statement.manifest, statement.key) != (digest(manifest), fingerprint(self.key)):
            raise SignatureError(f"{path} holds the signature of another manifest.json or key; do not use it")
        self._check_release(path, statement.release)

    def _check_release(self, path: str, release: int | None) -> None:
        oldest = self.minimum_release
        if oldest is None:
            return
        if release is None:
            raise SignatureError(
                f"{path} is signed without a release, and release {oldest} is the oldest that is taken; "
                "sign it with: edgeword sign BUNDLE --key FILE --release N"
            )
        if release < oldest:
            raise SignatureError(
                f"{path} is release {release}, and release {oldest} is the oldest that is taken; copy a newer one"
            )


def trust_in(trusted_key: str | os.PathLike[str] | None = None, minimum_release: int | None = None) -> Trust | None:
    """Trust in the key of a PEM file; None where none is asked for.

    Raises UsageError for a release without a key, InputFileError for a key that cannot be used, MissingExtraError.
    """
    check_release("minimum_release", minimum_release)
    if trusted_key is None and minimum_release is not None:
        raise UsageError("minimum_release says nothing without a trusted key; give that as well (--trusted-key FILE)")
    if trusted_key is None:
        return None
    from edgeword.bundle.keys import public_key  # few ask for it

    return Trust(os.fspath(trusted_key), public_key(trusted_key), minimum_release)

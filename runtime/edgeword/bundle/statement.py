"""What is signed of a bundle: which manifest, whose key, which release. Its bytes have one form alone."""

from __future__ import annotations

from edgeword.errors import BundleError, UsageError
from edgeword.frozen import frozen

_FORM = "edgeword signature 1\nmanifest.json sha256 {}\nkey sha256 {}\nrelease {:015}\n"
_DIGEST, _DIGITS, _HEXADECIMAL = 64, 15, frozenset("0123456789abcdef")
MAX_RELEASE = 10**_DIGITS - 1
ED25519_SIZE = 64
"""Bytes of a signature over a statement, which stands behind it."""
SIGNATURE_SIZE = len(_FORM.format("0" * _DIGEST, "0" * _DIGEST, 0)) + ED25519_SIZE
"""Bytes of `manifest.json.sig`."""


@frozen
class Statement:
    """That the owner of a key made a manifest, perhaps as a numbered release; true if its signature is good."""

    manifest: str
    """SHA-256 of `manifest.json`, hexadecimal."""
    key: str
    """The key's fingerprint: see `keys.fingerprint`."""
    release: int | None

    def __post_init__(self) -> None:
        check_release("release", self.release)
        if not all(len(text) == _DIGEST and _HEXADECIMAL.issuperset(text) for text in (self.manifest, self.key)):
            raise UsageError("a digest has 64 lower-case hexadecimal digits")

    @property
    def numbered(self) -> str:
        """The release in words."""
        return "no release" if self.release is None else f"release {self.release}"

    def to_bytes(self) -> bytes:
        """Its form, in ASCII; a release that is not numbered is 0 there."""
        return _FORM.format(self.manifest, self.key, self.release or 0).encode("ascii")


def statement_of(signature: bytes, path: str) -> Statement:
    """What the bytes of `manifest.json.sig` say; BundleError for another form."""
    content = signature[:-ED25519_SIZE]
    try:
        words = content.decode("ascii").split()
        statement = Statement(words[5], words[8], int(words[10]) or None)
        known = statement.to_bytes() == content
    except (ValueError, IndexError):  # UsageError is a ValueError, too
        known = False
    if not known:
        raise BundleError(f"the signature of {path} has a form that this edgeword does not know; sign it again")
    return statement


def check_release(name: str, release: int | None) -> None:
    """Raise UsageError for what numbers no release."""
    if release is not None and (type(release) is not int or not 1 <= release <= MAX_RELEASE):
        raise UsageError(f"{name} is {release!r}, which is not a whole number from 1 to {MAX_RELEASE}")

"""The manifest's own digest, its last member: no byte of a manifest changes unseen."""

from __future__ import annotations

import hashlib

from edgeword.errors import BundleError

_BEFORE = b',\n "sha256": "'
_AFTER = b'"\n}\n'
_DIGITS = 64


def digest(content: bytes) -> str:
    """Hexadecimal SHA-256, as it stands in the manifest."""
    return hashlib.sha256(content).hexdigest()


def sealed(text: str) -> bytes:
    """The bytes of a JSON object's file, its last member the SHA-256 of all that stands before the digits."""
    content = text.rstrip().removesuffix("}").rstrip().encode("utf-8") + _BEFORE
    return content + digest(content).encode("ascii") + _AFTER


def unsealed(content: bytes, name: str) -> bytes:
    """The bytes that were sealed, checked; BundleError names the file where they are not what was written."""
    start = len(content) - len(_AFTER) - _DIGITS
    said, rest = content[max(start, 0) : -len(_AFTER)], content[: max(start, 0)]
    if not content.endswith(_AFTER) or not rest.endswith(_BEFORE):
        raise BundleError(f"{name} does not end with its own digest; copy or export the bundle again")
    if digest(rest).encode("ascii") != said:
        raise BundleError(f"{name} is not what was written: its digest differs; copy the bundle again")
    return rest.removesuffix(_BEFORE) + b"\n}\n"

"""A session as bytes: `docs/bundle-format.md` is the specification; this module is its reader and writer."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

import numpy as np

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.spec import Spec
from edgeword.decoding.decoder import Snapshot
from edgeword.errors import UsageError
from edgeword.frozen import frozen_identity
from edgeword.records import record_dict
from edgeword.session.trail import NO_ID

VERSION = 1
_MAGIC = b"edgewses"
# Magic, version, binding; then how many tokens, unread ids, state values and bytes of the begun word follow.
_HEADER = struct.Struct("<8sI32sIIII")
_DIGEST = hashlib.sha256().digest_size
_VERSION_ENDS = 12


@frozen_identity
class Saved:
    """All that a session goes on from."""

    tokens: tuple[int, ...]
    """Ids of all tokens of the text, `NO_ID` for one that has none."""
    snapshot: Snapshot
    """Where the decoder stands after them."""
    begun: str
    """The word that the text ends in, as it was typed."""


def binding(bundle: Bundle) -> bytes:
    """SHA-256 of what a snapshot depends on: the spec, and the tokenizer's bytes by their digest."""
    spec = json.dumps(_canonical(record_dict(bundle.spec)), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spec.encode("ascii") + bytes.fromhex(bundle.manifest.tokenizer.sha256)).digest()


def _canonical(value: Any) -> Any:
    """Numbers that may be fractions as the hexadecimal digits of their binary64: no two languages print them alike."""
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    if isinstance(value, dict):
        return {key: _canonical(each) for key, each in value.items()}
    return [_canonical(each) for each in value] if isinstance(value, list | tuple) else value


def to_bytes(saved: Saved, bound: bytes) -> bytes:
    """A blob; `bound` is the bundle's `binding`."""
    states = [np.ravel(array) for array in saved.snapshot.state]
    state = np.concatenate(states) if states else np.empty(0)
    begun = saved.begun.encode("utf-8", "surrogatepass")
    counts = len(saved.tokens), len(saved.snapshot.ids), len(state), len(begun)
    header = _HEADER.pack(_MAGIC, VERSION, bound, *counts)
    numbers = np.array([*saved.tokens, *saved.snapshot.ids], "<i4").tobytes() + state.astype("<f4").tobytes()
    content = header + numbers + begun
    return content + hashlib.sha256(content).digest()


def from_bytes(blob: bytes, spec: Spec, bound: bytes) -> Saved:
    """Read a blob; raises UsageError for one that is damaged, newer, or of another bundle."""
    content = _whole(blob)
    _, version, found, *counts = _HEADER.unpack_from(content.ljust(_HEADER.size, b"\0"))
    if version > VERSION:
        raise UsageError(
            f"the session's snapshot has version {version} and this edgeword reads up to {VERSION}; "
            "pip install --upgrade edgeword"
        )
    if version != VERSION or len(content) != _HEADER.size + 4 * sum(counts[:3]) + counts[3]:
        raise UsageError("the session's snapshot is not as any edgeword writes it; begin a new session")
    if found != bound:
        raise UsageError(
            "the session's snapshot is of another bundle, with another spec or tokenizer; "
            "load the bundle that it was taken with"
        )
    return _read(content, counts, spec)


def _whole(blob: bytes) -> bytes:
    """What stands before the checksum, which is checked; the same in every version."""
    if not blob.startswith(_MAGIC):
        raise UsageError("these bytes are no session's snapshot; give what Session.snapshot gave")
    content = blob[:-_DIGEST]
    if len(content) < _VERSION_ENDS or hashlib.sha256(content).digest() != blob[-_DIGEST:]:
        raise UsageError("the session's snapshot is damaged; take it from where it was kept again")
    return content


def _read(content: bytes, counts: list[int], spec: Spec) -> Saved:
    tokens, unread, values, _ = counts
    numbers = np.frombuffer(content, "<i4", tokens + unread, _HEADER.size)
    start = _HEADER.size + 4 * len(numbers)
    state = np.frombuffer(content, "<f4", values, start).astype(np.float32)
    try:
        begun = content[start + 4 * values :].decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise UsageError("the session's snapshot holds a begun word that is not UTF-8; begin a new session") from None
    if numbers.size and not (numbers.min() >= NO_ID and numbers.max() < spec.vocabulary):
        raise UsageError("the session's snapshot holds ids that the bundle has not; begin a new session")
    ids = tuple(numbers.tolist())
    return Saved(ids[:tokens], Snapshot(ids[tokens:], _arrays(state, spec)), begun)


def _arrays(state: Any, spec: Spec) -> tuple[Any, ...]:
    """The states in their shapes; none in decode mode `window`."""
    if not len(state):
        return ()
    sizes = [int(np.prod(each.shape)) for each in spec.states]
    if sum(sizes) != len(state):
        raise UsageError("the session's snapshot holds states that the bundle has not; begin a new session")
    parts = np.split(state, np.cumsum(sizes)[:-1])
    return tuple(part.reshape(each.shape) for part, each in zip(parts, spec.states, strict=True))

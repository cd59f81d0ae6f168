"""Lines of JSON: what stands in each, and how it is spelled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from edgeword.answers import Generation

OWN_KEYS = frozenset(
    {field.name for field in fields(Generation) if field.name != "timings"}
    | {"index", "engine", "precision", "decode", "error"}
)
"""Keys that a line has of its own. A prompt's other keys are carried along."""

# JSON lets them stand; `str.splitlines` and some editors end a line there.
_SEPARATORS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}


def json_text(data: Mapping[str, Any]) -> str:
    """One line of JSON, as `generate --json` prints it."""
    text = json.dumps(data, ensure_ascii=False)
    return text if text.isascii() else text.translate(_SEPARATORS)


def head_of(data: Mapping[str, Any]) -> str:
    """A line that begins with these keys, as far as them."""
    return json_text(data)[:-1]


def line_of(head: str, rest: Mapping[str, Any]) -> bytes:
    """The whole line, of its head and the other keys."""
    return f"{head}, {json_text(rest)[1:]}\n".encode()

"""Lines of JSON: what stands in each, and how it is spelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from edgeword.answers import Generation
from edgeword.records import json_text

OWN_KEYS = frozenset(
    {field.name for field in fields(Generation) if field.name != "timings"}
    | {"index", "engine", "precision", "decode", "error"}
)
"""Keys that a line has of its own. A prompt's other keys are carried along."""


def head_of(data: Mapping[str, Any]) -> str:
    """A line that begins with these keys, as far as them."""
    return json_text(data)[:-1]


def line_of(head: str, rest: Mapping[str, Any]) -> bytes:
    """The whole line, of its head and the other keys."""
    return f"{head}, {json_text(rest)[1:]}\n".encode()

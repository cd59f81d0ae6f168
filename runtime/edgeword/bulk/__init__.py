"""Many prompts to one file of lines; `bulk` is the function behind `edgeword bulk`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeword.bulk.running import Result, bulk

__all__ = ["Result", "bulk"]


def __getattr__(name: str) -> Any:
    """Import on first use: the class for Ray needs less."""
    if name in __all__:
        from importlib import import_module

        return getattr(import_module("edgeword.bulk.running"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

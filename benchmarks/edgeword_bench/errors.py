"""What the benchmarks raise beside the runtime's own errors."""

from __future__ import annotations

from edgeword.errors import EdgewordError


class MissingReportError(EdgewordError, ImportError):
    """A page or a picture was asked for, and what draws it is not installed."""

"""What training refuses."""

from __future__ import annotations

from edgeword.errors import EdgewordError


class RunError(EdgewordError, ValueError):
    """A folder that holds no finished run, or a damaged one."""


class DivergedError(EdgewordError, ArithmeticError):
    """The loss left the range of numbers."""

    exit_code = 1

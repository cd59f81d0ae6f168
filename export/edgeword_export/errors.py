"""What export refuses."""

from __future__ import annotations

from edgeword.errors import EdgewordError


class ModelError(EdgewordError, ValueError):
    """A Keras model that is no next-word model, or that cannot be read."""


class NotSteppableError(EdgewordError, ValueError):
    """A model, or a layer of it, that needs more than one time step at once."""


class ConversionError(EdgewordError, RuntimeError):
    """A converter failed, or wrote a file that must not be shipped."""

    exit_code = 1

"""Bundles as tests/export makes them."""

from tests.export.conftest import export_tiny

__all__ = ["export_tiny"]

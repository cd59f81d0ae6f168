"""Bundles: what they say of themselves, opened, checked and written."""

"""Tokenizers as people keep them, read without running code."""

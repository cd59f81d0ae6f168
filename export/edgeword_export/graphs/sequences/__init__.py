"""Recurrent layers over a whole window."""

"""The engines, imported when they are used."""

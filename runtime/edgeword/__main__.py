"""`python -m edgeword`."""

from edgeword.cli.main import entry

entry()

"""The graphs that go into the files."""

"""The commands that the runtime brings itself."""

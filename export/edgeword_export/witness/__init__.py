"""The witness: what the owner's own loop says, and the convention that gives it."""

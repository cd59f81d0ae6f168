"""Words as a search sees them, and which of them may be said."""

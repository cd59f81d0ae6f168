"""Which variant on which engine."""

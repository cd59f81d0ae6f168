"""Several texts in a model at once."""

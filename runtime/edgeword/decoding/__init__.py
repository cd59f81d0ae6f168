"""Where a text stands in a model."""

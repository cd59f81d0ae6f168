"""Measuring: subjects timed in fresh processes, the machine beside them, and a bundle's variants as subjects."""

"""Search: what is said next, decided from logits alone. Knows nothing of engines and graphs."""

"""What is said next, over any decoder: search, decided from logits alone. Knows nothing of engines and graphs."""

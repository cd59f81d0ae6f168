"""What is said next, over any decoder."""

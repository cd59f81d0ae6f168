"""A text that grows word by word, and is never read again."""

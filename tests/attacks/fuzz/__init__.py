"""Whatever the input: right words, or one line that says why not. Each case is the same for the same number."""

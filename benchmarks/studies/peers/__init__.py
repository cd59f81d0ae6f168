"""The same next words from the same weights, said by edgeword and by others, in one run."""

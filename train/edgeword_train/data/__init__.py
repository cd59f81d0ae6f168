"""From text to training examples: corpora, their ids, and windows of them."""

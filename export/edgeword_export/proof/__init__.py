"""Whether what was written still says the Keras model's words."""

"""Keras files of every age, read into models of the Keras that is installed."""

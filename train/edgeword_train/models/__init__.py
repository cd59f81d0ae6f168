"""The Keras models that are trained, and the cells that Keras does not bring."""

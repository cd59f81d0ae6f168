"""Recurrent layers without Keras' loop: for one time step, or over a whole window."""

"""How good a model is on a text: the figures of `edgeword evaluate`."""

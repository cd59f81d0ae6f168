"""The training itself: a step, an epoch, when to stop, and what remains if it is interrupted."""

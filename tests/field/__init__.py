"""Models as people build them, each beside its owner's loop written the owner's way."""

"""An engine in a process of its own: where it dies, its user does not."""

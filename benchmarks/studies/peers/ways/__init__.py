"""The ways to say the words, each a module with `build(folder, **options) -> Loaded`."""

"""`check-appdir`: what is wrong, and the repairs that are safe."""

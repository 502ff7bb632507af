"""Background work: a queue in the app's own database, and the workers that take from it."""

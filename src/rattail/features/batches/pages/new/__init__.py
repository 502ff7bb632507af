"""A new batch: the file, how it is understood, and what is left to ask; and the same for reading one again."""

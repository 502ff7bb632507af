"""The verbs of work files."""

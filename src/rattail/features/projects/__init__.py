"""New projects, generated."""

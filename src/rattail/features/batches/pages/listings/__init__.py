"""The lists of batches, of their rows, and of what they change."""

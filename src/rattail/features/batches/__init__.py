"""Batches: many records changed safely from one file."""

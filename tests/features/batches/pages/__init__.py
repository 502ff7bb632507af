"""Batches in the browser."""

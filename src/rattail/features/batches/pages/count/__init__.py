"""Counting in the store: with a scanner that types, by keyboard alone, with and without a connection."""

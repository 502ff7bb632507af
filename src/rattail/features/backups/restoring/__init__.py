"""Bringing back what a backup holds."""

"""Proving a backup: restoring it where nobody sees it, and starting the application there."""

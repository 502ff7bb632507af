"""Other places that backups are copied to."""

"""`migrate-db`."""

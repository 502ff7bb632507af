"""Making a backup: what goes in, the archive itself, and reading it back from the disk."""

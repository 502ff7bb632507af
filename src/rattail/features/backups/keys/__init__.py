"""The age keys that backups are encrypted to, and the proof that somebody holds the other half."""

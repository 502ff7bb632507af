"""Which backups are kept, and why."""

"""The shelf: the folder where backups lie, and what is known of each."""

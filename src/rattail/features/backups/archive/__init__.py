"""The archive: one plain tar that any Python and any `tar` opens, written once from front to back."""

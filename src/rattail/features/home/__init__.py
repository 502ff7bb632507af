"""Whether the shop is well: the first page, the app folder, the log."""

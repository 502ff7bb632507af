"""The records as CSV files: one a table."""

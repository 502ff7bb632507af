"""Rows of a list as a file, row by row, in memory that does not grow with the list."""

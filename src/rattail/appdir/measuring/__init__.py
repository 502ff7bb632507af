"""Counting what is in the folders, millions of files too."""

"""Typed options: declared beside the code that uses them, read from files and the environment."""

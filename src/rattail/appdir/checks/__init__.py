"""The checks of the folder itself, one noun to a module."""

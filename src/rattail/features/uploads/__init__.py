"""Uploads: files on their way from a browser to where they are used."""

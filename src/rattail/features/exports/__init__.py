"""Exports: files made for others."""

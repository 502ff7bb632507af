"""Rattail: a back office in one folder."""

__version__ = "0.1.0"

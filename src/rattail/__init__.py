"""Rattail: a back office in one folder."""

from rattail.version import VERSION

__version__ = VERSION

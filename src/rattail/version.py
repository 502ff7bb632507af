"""The version, in a file that no other distribution has: `rattail/__init__.py` may be upstream Rattail's."""

VERSION = "0.1.0"

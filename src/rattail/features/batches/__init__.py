"""Changing many records safely: a file comes in, is read and judged, looked at, executed, and can be undone."""

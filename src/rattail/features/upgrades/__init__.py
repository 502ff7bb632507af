"""Upgrades of the software, recorded."""

"""Copies of the app that are shown to be good."""

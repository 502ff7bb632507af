"""Removing what is too old: a plan, and then that plan, whoever else is at work in the folders."""

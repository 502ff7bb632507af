"""The documentation: its generated pages, its links, and its commands, which are run."""

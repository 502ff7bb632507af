"""The configuration commands: show, change, offer, accept."""

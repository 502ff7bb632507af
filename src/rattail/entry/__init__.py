"""Where everything is joined."""

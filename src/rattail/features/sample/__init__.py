"""A believable generated shop, to try everything with."""

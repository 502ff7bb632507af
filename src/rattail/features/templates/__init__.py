"""Templates that the shop changed."""

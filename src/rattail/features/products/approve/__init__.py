"""`approve-products`."""

"""A shop to measure batches on: products, a vendor's items, and files of that vendor."""

"""Products, vendors, stock and stores on screen."""

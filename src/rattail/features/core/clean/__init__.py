"""`clean-appdir`: what is too old."""

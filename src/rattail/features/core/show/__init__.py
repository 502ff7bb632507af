"""`show-appdir`: the tree."""

"""`make-appdir`: the folder and its files, made, mended and given."""

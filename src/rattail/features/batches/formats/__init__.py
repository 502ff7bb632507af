"""One module for each layout of vendors' and counters' files; each has a `FORMAT`, or several in `FORMATS`."""

"""Log files of long-lived processes and of faults: one line for each thing, by several processes at once."""

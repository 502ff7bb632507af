"""Log files: one for each kind of process, safe with several writers."""

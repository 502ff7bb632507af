"""The command line's own machinery: lazy commands, one session a command, one place that prints."""

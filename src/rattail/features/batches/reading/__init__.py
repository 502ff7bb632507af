"""From a file somebody sent to lines that a batch can judge."""

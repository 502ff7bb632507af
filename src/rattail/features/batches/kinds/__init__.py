"""What each kind of batch does with the lines of its file."""

"""What an uploaded file is, told by what it holds and never by its name."""

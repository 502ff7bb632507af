"""Work files: lists that people take along as files, made in the background and found again under "my files"."""

"""Files that people upload, until they are used."""

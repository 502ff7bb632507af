"""The records themselves: making the database, stores and vendors."""

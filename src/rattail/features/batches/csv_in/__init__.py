"""Tables of the records that come in as CSV, as a batch."""

"""Reports: questions about the shop, answered in files."""

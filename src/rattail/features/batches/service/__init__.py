"""What can be done with batches: one verb a module. Nothing here prints or looks at the clock."""

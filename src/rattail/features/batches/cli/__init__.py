"""The commands of batches: words to typed values, a service, an outcome."""

"""The web application: one frame for the pages that the features declare."""

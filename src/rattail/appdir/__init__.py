"""The app folder itself: standard library only, and nothing here prints."""

"""The app folder and its settings: the feature every other one stands on."""

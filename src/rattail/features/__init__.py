"""One folder a feature; each declares itself in `feature.py`."""

"""What jobs declares."""

from rattail.feature import Feature

FEATURE = Feature(name="jobs", title="Jobs")

"""What serve declares."""

from rattail.feature import Feature

FEATURE = Feature(name="serve", title="Web server and workers")

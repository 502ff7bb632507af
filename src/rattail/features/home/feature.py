"""What home declares."""

from rattail.feature import Feature

FEATURE = Feature(name="home", title="Home")

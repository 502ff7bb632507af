"""What accounts declare."""

from rattail.feature import Feature

FEATURE = Feature(name="accounts", title="Accounts", apps=("rattail.features.accounts",))

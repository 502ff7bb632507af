"""What upgrades declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.feature import Feature

FEATURE = Feature(
    name="upgrades",
    title="Upgrades",
    folders=(
        Folder(
            "data/upgrades",
            "packages before and after each upgrade, and what it printed",
            Keep.ESSENTIAL,
            relocatable=True,
        ),
    ),
)

"""What backups declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.feature import Feature

FEATURE = Feature(
    name="backups",
    title="Backups",
    folders=(
        Folder(
            "data/database",
            "the newest consistent copy of the records",
            Keep.ESSENTIAL,
            mode=0o700,
            relocatable=True,
        ),
    ),
)

"""What reports declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.feature import Feature

FEATURE = Feature(
    name="reports",
    title="Reports",
    folders=(
        Folder("data/exports/report_output", "output of reports, one folder a run", Keep.ESSENTIAL, relocatable=True),
    ),
)

"""What the work folder declares."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import Feature

FEATURE = Feature(
    name="work",
    title="Work files",
    folders=(
        Folder("work", "files for a while, by kind", Keep.ESSENTIAL),
        Folder(
            "work/csv",
            "tables on their way in or out as CSV",
            Keep.SCRATCH,
            age_option="work.keep_csv_days",
            relocatable=True,
        ),
        Folder(
            "work/user-files",
            "results that a user asked to download, by user",
            Keep.SCRATCH,
            mode=0o700,
            age_option="work.keep_user_files_days",
            relocatable=True,
        ),
    ),
    options=(
        Option(
            name="keep_csv_days",
            kind="integer",
            unit="days",
            help="How long files in work/csv are kept.",
            default=30,
            minimum=1,
        ),
        Option(
            name="keep_user_files_days",
            kind="integer",
            unit="days",
            help="How long results that a user asked for are kept.",
            default=14,
            minimum=1,
        ),
    ),
)

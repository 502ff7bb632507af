"""What uploads declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import Feature

FEATURE = Feature(
    name="uploads",
    title="Uploads",
    folders=(
        Folder(
            "data/uploads",
            "uploaded files, until they are used",
            Keep.SCRATCH,
            mode=0o700,
            age_option="uploads.keep_days",
            relocatable=True,
        ),
    ),
    options=(
        Option(
            name="keep_days",
            kind="integer",
            unit="days",
            help="How long an uploaded file is kept that nobody used.",
            default=7,
            minimum=1,
        ),
    ),
)

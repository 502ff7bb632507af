"""What generated projects declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import Feature

FEATURE = Feature(
    name="projects",
    title="Generated projects",
    folders=(
        Folder(
            "work/generated-projects",
            "projects generated in the web app, as ZIP",
            Keep.SCRATCH,
            age_option="projects.keep_days",
            relocatable=True,
        ),
    ),
    options=(
        Option(
            name="keep_days",
            kind="integer",
            unit="days",
            help="How long a generated project can be downloaded.",
            default=30,
            minimum=1,
        ),
    ),
)

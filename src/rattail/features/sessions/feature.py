"""What sessions declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import Feature

FEATURE = Feature(
    name="sessions",
    title="Sessions",
    folders=(
        Folder("sessions", "who is logged in to the web app", Keep.ESSENTIAL, mode=0o700),
        Folder(
            "sessions/data",
            "one file for each session",
            Keep.SCRATCH,
            mode=0o700,
            age_option="sessions.max_age_days",
            relocatable=True,
        ),
        Folder("sessions/lock", "locks of sessions in use", Keep.SCRATCH, mode=0o700, relocatable=True),
    ),
    options=(
        Option(
            name="max_age_days",
            kind="integer",
            unit="days",
            help="How long a session lasts after it was last used.",
            default=14,
            minimum=1,
            takes_effect="at restart",
        ),
        Option(
            name="secret_key",
            help="The key that signs sessions and cookies. A new one logs everybody out.",
            is_secret=True,
            is_generated=True,
            takes_effect="at restart",
        ),
    ),
)

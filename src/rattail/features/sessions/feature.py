"""What sessions declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import Feature, JobKind, Recurring

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
            name="backend",
            help="Where sessions are kept. files: in the app folder; database: with the records, for an app that runs "
            "on several machines. A change logs everybody out.",
            default="files",
            choices=("files", "database"),
            takes_effect="at restart",
        ),
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
    apps=("rattail.features.sessions",),
    middleware=("rattail.features.sessions.middleware.Sessions",),
    jobs=(
        JobKind(
            "sessions.clean",
            title="Remove sessions that nobody uses any more",
            target="rattail.features.sessions.jobs:clean",
            tries=3,
            limit_s=600,
        ),
    ),
    recurring=(Recurring("sessions.clean", at="04:10"),),
)

"""What overnight work declares."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import Feature

FEATURE = Feature(
    name="overnight",
    title="Overnight work",
    folders=(
        Folder("luigi", "which task has run for which date", Keep.ESSENTIAL),
        Folder(
            "luigi/log",
            "log files of Luigi's server and client",
            Keep.HISTORY,
            age_option="overnight.keep_log_days",
            relocatable=True,
        ),
        Folder("luigitasks", "the code of the tasks that Luigi runs", Keep.ESSENTIAL),
    ),
    options=(
        Option(
            name="keep_log_days",
            kind="integer",
            unit="days",
            help="How long the log files of overnight work are kept.",
            default=90,
            minimum=1,
        ),
    ),
)

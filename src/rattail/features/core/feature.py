"""What the core declares: the root, the settings of the app as a whole, the folder's commands."""

from rattail.appdir.folder import AppFile, Folder, Keep
from rattail.config.option import Option
from rattail.feature import Command, Feature

_CLI = "rattail.features.core"
_CONFIG = "Configuration"

FEATURE = Feature(
    name="core",
    title="App folder",
    folders=(
        Folder(".", "settings, secrets, scripts, and whatever the operator adds", Keep.ESSENTIAL),
        Folder("data", "the app's true data; its database unless PostgreSQL is configured", Keep.ESSENTIAL),
        Folder(
            "log",
            "log files, one for each kind of process",
            Keep.HISTORY,
            age_option="log.keep_days",
            relocatable=True,
        ),
    ),
    files=(
        AppFile("README.txt", "what this folder is, for whoever finds it", "rattail.features.core.make.files:readme"),
    ),
    options=(
        Option(
            name="title",
            table="app",
            help="The name of the app as people see it.",
            default="Rattail",
            takes_effect="at restart",
        ),
        Option(
            name="time_zone",
            table="app",
            kind="time zone",
            help="The shop's time zone: times are stored in UTC and shown, read and scheduled in this zone.",
            default="UTC",
            takes_effect="at restart",
        ),
        Option(
            name="currency",
            table="app",
            kind="currency",
            help="The currency of all prices and costs that do not name another.",
            default="USD",
            takes_effect="at restart",
        ),
        Option(
            name="locale",
            table="app",
            kind="locale",
            help="How numbers and dates are written for people.",
            default="en_US",
            takes_effect="at restart",
        ),
        Option(
            name="url",
            table="database",
            kind="database address",
            help="Where the records are; empty: SQLite, in the folder data. For PostgreSQL: "
            "postgresql://USER@HOST:PORT/NAME, the password apart in secrets.toml.",
            takes_effect="at restart",
        ),
        Option(
            name="password",
            table="database",
            help="The password of the database user.",
            is_secret=True,
            takes_effect="at restart",
        ),
        Option(
            name="accept",
            table="check",
            kind="list",
            help="Findings of check-appdir that are meant to be: ID, or ID:PATH for one place only.",
            default=(),
        ),
        Option(
            name="min_free_mb",
            table="check",
            kind="integer",
            unit="megabytes",
            help="Free disk space below which check-appdir warns.",
            default=200,
            minimum=0,
        ),
        Option(
            name="min_free_inodes",
            table="check",
            kind="integer",
            unit="inodes",
            help="Free inodes (files that can still be made) below which check-appdir warns.",
            default=5000,
            minimum=0,
        ),
        Option(
            name="format",
            table="log",
            help="How a line of the log is written: plain, for people who read it in a terminal; json, for programs "
            "that gather logs. The web application's own pages show both.",
            default="plain",
            choices=("plain", "json"),
            takes_effect="at restart",
        ),
        Option(
            name="level",
            table="log",
            help="The least important lines that are written.",
            default="info",
            choices=("debug", "info", "warning", "error"),
            takes_effect="at restart",
        ),
        Option(
            name="rotate_mb",
            table="log",
            kind="integer",
            unit="megabytes",
            help="How large a log file may become before a new one is begun.",
            default=10,
            minimum=1,
            maximum=1000,
            takes_effect="at restart",
        ),
        Option(
            name="keep_files",
            table="log",
            kind="integer",
            unit="files",
            help="How many former files of each log are kept beside the present one.",
            default=9,
            minimum=1,
            maximum=999,
            takes_effect="at restart",
        ),
        Option(
            name="keep_days",
            table="log",
            kind="integer",
            unit="days",
            help="How long log files are kept after their last line.",
            default=90,
            minimum=1,
        ),
    ),
    tables=(
        ("app", "The app as a whole"),
        ("database", "The database"),
        ("check", "What check-appdir looks for"),
        ("log", "Log files"),
        (
            "folders",
            "Folders that lie elsewhere, on another disk say; shown is where each lies by default. A relative place "
            "is below the app folder.\nA change moves no files. 'rattail set-option' prints what to type after it: "
            "'rattail make-appdir', and then the command that moves them.",
        ),
    ),
    commands=(
        Command("make-appdir", "Make the app folder, or bring it up to date.", f"{_CLI}.make.cli:make_appdir"),
        Command("show-appdir", "Show the app folder as a tree, with sizes.", f"{_CLI}.show.cli:show_appdir"),
        Command("check-appdir", "Look for everything that is wrong.", f"{_CLI}.check.cli:check_appdir"),
        Command(
            "clean-appdir",
            "Remove scratch and history files that are too old.",
            f"{_CLI}.clean.cli:clean_appdir",
            aliases=("cleanup",),
        ),
        Command(
            "show-config",
            "Show every option, its value and its source.",
            f"{_CLI}.config.cli:show_config",
            group=_CONFIG,
        ),
        Command("get-option", "Print the value of one option.", f"{_CLI}.config.cli:get_option", group=_CONFIG),
        Command(
            "set-option", "Change one option in the settings file.", f"{_CLI}.config.cli:set_option", group=_CONFIG
        ),
        Command(
            "make-config", "Write a fresh, commented settings file.", f"{_CLI}.config.cli:make_config", group=_CONFIG
        ),
        Command("diff-config", "Show how offered .new files differ.", f"{_CLI}.config.cli:diff_config", group=_CONFIG),
        Command(
            "accept-config", "Put an offered .new file in place.", f"{_CLI}.config.cli:accept_config", group=_CONFIG
        ),
    ),
)

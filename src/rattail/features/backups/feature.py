"""What backups declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import FORM, POST, Command, Feature, JobKind, List, Page, Permission, Recurring

_CLI = "rattail.features.backups.cli."
_PAGES = "rattail.features.backups.pages"
_JOBS = "rattail.features.backups.jobs"
_LONGEST_S = 12 * 3600

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
    options=(
        Option(
            name="target",
            help="The folder where backups are put, an absolute path; empty: beside the environment, with '-backups' "
            "after its name. Units of make-units may write there only: make them anew after a change.",
        ),
        Option(
            name="at",
            help="When the daily backup is made, in the shop's time zone; empty: never.",
            kind="time of day",
            default="02:30",
            takes_effect="at restart",
        ),
        Option(
            name="made_by",
            help="Who makes the daily backup: the worker of 'rattail serve', or the systemd timer of "
            "'rattail make-units'. The other one stays out of it.",
            default="worker",
            choices=("worker", "timer"),
            takes_effect="at restart",
        ),
        Option(
            name="records_at",
            help="When the copy of the records in 'data/database' is made anew by the worker, in the shop's time zone, "
            "where no backup has just done so, whoever makes the backups; empty: only with each backup.",
            kind="time of day",
            default="03:30",
            takes_effect="at restart",
        ),
        Option(
            name="has_history",
            kind="boolean",
            help="Whether a daily backup holds the history (log files) as well.",
            default=False,
        ),
        Option(
            name="has_wheels",
            kind="boolean",
            help="Whether a backup holds what rebuilds the environment on a machine without a network.",
            default=True,
        ),
        Option(
            name="encrypt_to",
            kind="list",
            help="The public age keys that backups are encrypted to, 'age1...'; none: they are not encrypted.",
            default=(),
        ),
        Option(
            name="copy_to",
            kind="list",
            help="Where each backup is copied to: a folder, an address of fsspec such as 's3://bucket/folder' or "
            "'sftp://host/folder', or a repository, 'restic:PLACE' or 'borg:PLACE' (for these the newest content is "
            "also kept unpacked beside the backups). Units of make-units may write into these folders only: make them "
            "anew after a change.",
            default=(),
        ),
        Option(
            name="repository_password",
            help="The password of the repositories of 'backups.copy_to'; empty: they have none, or their own variables "
            "say it (RESTIC_PASSWORD_FILE, BORG_PASSCOMMAND).",
            is_secret=True,
        ),
        Option(
            name="prove_days",
            kind="integer",
            unit="days",
            help="After how many days the newest backup is proved again, by restoring it into a scratch place and "
            "starting the application there; 0: never by itself.",
            default=7,
            minimum=0,
        ),
        Option(
            name="keep_last",
            kind="integer",
            unit="backups",
            help="How many of the newest backups are kept whatever their age.",
            default=3,
            minimum=1,
        ),
        Option(
            name="keep_daily",
            kind="integer",
            unit="days",
            help="For how many days with a backup the last one of the day is kept.",
            default=7,
            minimum=0,
        ),
        Option(
            name="keep_weekly",
            kind="integer",
            unit="weeks",
            help="For how many weeks with a backup the last one of the week is kept.",
            default=5,
            minimum=0,
        ),
        Option(
            name="keep_monthly",
            kind="integer",
            unit="months",
            help="For how many months with a backup the last one of the month is kept.",
            default=12,
            minimum=0,
        ),
        Option(
            name="keep_yearly",
            kind="integer",
            unit="years",
            help="For how many years with a backup the last one of the year is kept.",
            default=3,
            minimum=0,
        ),
    ),
    checks=(
        "rattail.features.backups.checks:check_backups",
        "rattail.features.backups.restoring.findings:check_unfinished",
    ),
    permissions=(
        Permission("backups.view", "See the backups and how good they are", is_for_all_stores=True),
        Permission("backups.create", "Make and prove backups", is_for_all_stores=True),
        Permission("backups.configure", "See and carry out what the rules delete", is_for_all_stores=True),
        Permission("backups.download", "Download backups, with everything that is in them", is_for_all_stores=True),
    ),
    pages=(
        Page("backups/", "backups.list", f"{_PAGES}.views:listed", "backups.view", menu="Backups", order=815),
        Page("backups/make/", "backups.make", f"{_PAGES}.views:make", "backups.create", POST),
        Page("backups/prune/", "backups.prune", f"{_PAGES}.views:prune", "backups.configure", FORM),
        Page("backups/<str:name>/", "backups.one", f"{_PAGES}.views:one", "backups.view"),
        Page("backups/<str:name>/prove/", "backups.prove", f"{_PAGES}.views:prove", "backups.create", POST),
        Page("backups/<str:name>/download/", "backups.download", f"{_PAGES}.views:download", "backups.download"),
    ),
    lists=(List("backups.list", f"{_PAGES}.listing:BACKUPS", "backups.view"),),
    jobs=(
        JobKind("backups.make", "Make a backup", f"{_JOBS}:make", tries=2, limit_s=_LONGEST_S),
        JobKind("backups.records", "Copy the records", f"{_JOBS}:renew", tries=2, limit_s=_LONGEST_S),
        JobKind("backups.copy", "Copy a backup to other places", f"{_JOBS}:copy", tries=3, limit_s=_LONGEST_S),
        JobKind("backups.prove", "Prove a backup", f"{_JOBS}:prove", limit_s=_LONGEST_S),
        JobKind("backups.prune", "Delete backups that no rule keeps", f"{_JOBS}:prune_by_rules"),
    ),
    recurring=(
        Recurring("backups.make", at="backups.at", only_if=f"{_JOBS}:is_workers_turn"),
        Recurring("backups.records", at="backups.records_at", only_if=f"{_JOBS}:is_copy_due"),
        Recurring("backups.prove", at="04:10", only_if=f"{_JOBS}:is_proof_due"),
        Recurring("backups.prune", at="05:10", only_if=f"{_JOBS}:is_prune_due"),
    ),
    commands=(
        Command("make-backup", "Make a backup, and read it back.", _CLI + "make:make_backup"),
        Command("prove-backup", "Restore a backup into a scratch place; start it.", _CLI + "prove:prove_backup"),
        Command("list-backups", "Show the backups and how good each is known to be.", _CLI + "list:list_backups"),
        Command(
            "restore-backup",
            "Bring back a backup: all of it, a part, or chosen records.",
            _CLI + "restore:restore_backup",
        ),
        Command("prune-backups", "Delete the backups that no rule keeps.", _CLI + "prune:prune_backups"),
        Command("copy-backup", "Copy a backup to other places.", _CLI + "copy:copy_backup"),
        Command("copy-records", "Make the copy of the records in the folder anew.", _CLI + "records:copy_records"),
        Command("make-backup-key", "Make a key that backups are encrypted to.", _CLI + "keys:make_backup_key"),
        Command("prove-backup-key", "Show that the secret key is still there.", _CLI + "keys:prove_backup_key"),
    ),
)

"""What jobs declares."""

from rattail.config.option import Option
from rattail.feature import POST, SIGNED_IN, Command, Feature, JobKind, List, Page, Permission, Recurring

_CLI = "rattail.features.jobs.cli"
_VIEWS = "rattail.features.jobs.views"

FEATURE = Feature(
    name="jobs",
    title="Jobs",
    options=(
        Option(
            name="keep_days",
            kind="integer",
            unit="days",
            help="Jobs that ended are forgotten after this time.",
            default=30,
            minimum=1,
            takes_effect="at restart",
        ),
        Option(
            name="workers",
            kind="integer",
            unit="processes",
            help="How many workers serve starts.",
            default=1,
            minimum=1,
            maximum=64,
            takes_effect="at restart",
        ),
        Option(
            name="concurrency",
            kind="integer",
            unit="jobs",
            help="How many jobs one worker runs at the same time; 0: one where the records are in SQLite, two else.",
            default=0,
            minimum=0,
            maximum=64,
            takes_effect="at restart",
        ),
        Option(
            name="stop_wait_s",
            kind="integer",
            unit="seconds",
            help="How long a worker that is told to stop lets its jobs go on; what still runs then runs again later.",
            default=30,
            minimum=0,
            takes_effect="at restart",
        ),
    ),
    permissions=(
        Permission("jobs.view", "See everybody's jobs", is_for_all_stores=True),
        Permission(
            "jobs.configure", "Cancel and retry everybody's jobs, and see why one failed", is_for_all_stores=True
        ),
    ),
    commands=(
        Command("list-jobs", "List background jobs, the newest first.", f"{_CLI}:list_jobs"),
        Command("show-job", "Show a job: how far it is, or how it ended.", f"{_CLI}:show_job"),
        Command("cancel-job", "Call a job off, waiting or running.", f"{_CLI}:cancel_job"),
        Command("retry-job", "Let a failed or cancelled job run again.", f"{_CLI}:retry_job"),
        Command("run-jobs", "Work off every job that waits, here and now.", f"{_CLI}:run_jobs"),
    ),
    pages=(
        Page("jobs/", "jobs.list", f"{_VIEWS}:listed", SIGNED_IN, menu="Jobs", order=70),
        Page("jobs/<int:job_id>/", "jobs.one", f"{_VIEWS}:one", SIGNED_IN),
        Page("jobs/<int:job_id>/progress/", "jobs.progress", f"{_VIEWS}:progress", SIGNED_IN),
        Page("jobs/<int:job_id>/cancel/", "jobs.cancel", f"{_VIEWS}:cancel", SIGNED_IN, POST),
        Page("jobs/<int:job_id>/retry/", "jobs.retry", f"{_VIEWS}:retry", SIGNED_IN, POST),
    ),
    lists=(List("jobs", "rattail.features.jobs.listing:JOBS", SIGNED_IN),),
    jobs=(JobKind("jobs.forget", "Forget old jobs", "rattail.features.jobs.forget:forget", tries=3, limit_s=600),),
    recurring=(Recurring("jobs.forget", at="03:40"),),
)

"""What the work folder declares."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import POST, SIGNED_IN, Feature, JobKind, Page, Recurring

_VIEWS = "rattail.features.work.views"
_JOBS = "rattail.features.work.jobs"

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
    apps=("rattail.features.work",),
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
    pages=(
        Page("my-files/", "work.files", f"{_VIEWS}:files", SIGNED_IN, menu="My files", order=80),
        Page("my-files/make/", "work.download", f"{_VIEWS}:make", SIGNED_IN, POST),
        Page("my-files/<int:file_id>/", "work.file", f"{_VIEWS}:download", SIGNED_IN),
        Page("my-files/<int:file_id>/delete/", "work.delete", f"{_VIEWS}:delete", SIGNED_IN, POST),
    ),
    jobs=(
        JobKind("work.write_list", "Write a list into a file", f"{_JOBS}:write_list", tries=2, limit_s=4 * 3600),
        JobKind("work.forget_files", "Forget files that are gone", f"{_JOBS}:forget_files", tries=3, limit_s=600),
    ),
    recurring=(Recurring("work.forget_files", at="04:10"),),
)

"""What uploads declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import FORM, POST, Command, Feature, Page, Permission

_HERE = "rattail.features.uploads"
_VIEWS = f"{_HERE}.views"

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
        Option(
            name="max_mb",
            kind="integer",
            unit="megabytes",
            help="How large an uploaded file may be.",
            default=512,
            minimum=1,
            maximum=1_000_000,
            takes_effect="at restart",
        ),
        Option(
            name="max_total_mb",
            kind="integer",
            unit="megabytes",
            help="How large all uploaded files together may be that wait to be used.",
            default=5000,
            minimum=1,
            maximum=100_000_000,
            takes_effect="at restart",
        ),
    ),
    checks=("rattail.features.uploads.checks:check_uploads",),
    commands=(
        Command("list-uploads", "List uploaded files that wait to be used.", f"{_HERE}.cli:list_uploads"),
        Command("purge-uploads", "Delete uploaded files that nobody used.", f"{_HERE}.cli:purge_uploads"),
    ),
    permissions=(Permission("uploads.create", "Upload files", roles=("buyer", "receiver", "counter")),),
    pages=(
        Page("uploads/", "uploads.list", f"{_VIEWS}:uploads", "uploads.create", FORM, menu="Uploads", order=70),
        Page("uploads/form/", "uploads.form", f"{_VIEWS}:post_form", "uploads.create", POST),
        Page("uploads/<str:token>/", "uploads.one", f"{_VIEWS}:one", "uploads.create", ("HEAD", "PATCH", "DELETE")),
        Page("uploads/<str:token>/delete/", "uploads.delete", f"{_VIEWS}:delete", "uploads.create", POST),
    ),
    middleware=(f"{_HERE}.form_post.FilesOfForms",),
)

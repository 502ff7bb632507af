"""What batches declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import FORM, POST, Command, Feature, JobKind, List, Page, Permission, RowFiles

_CLI = "rattail.features.batches.cli"
_PAGES = "rattail.features.batches.pages"
_LISTS = f"{_PAGES}.listings"
_JOBS = "rattail.features.batches.jobs"
_ONE = "batches/<int:number>"
_LONGEST_S = 6 * 3600

FEATURE = Feature(
    name="batches",
    title="Batches",
    folders=(
        Folder("data/batches", "files read and written by batches, by kind", Keep.ESSENTIAL),
        Folder("data/batches/inventory", "counts of stock, one folder a batch", Keep.ESSENTIAL, relocatable=True),
        Folder(
            "data/batches/vendor_catalog", "catalogs of vendors, one folder a batch", Keep.ESSENTIAL, relocatable=True
        ),
        Folder(
            "data/batches/vendor_invoice", "invoices of vendors, one folder a batch", Keep.ESSENTIAL, relocatable=True
        ),
    ),
    apps=("rattail.features.batches",),
    row_files=tuple(
        RowFiles("batches_batch", f"data/batches/{kind}/{{number:08d}}/{{file_name}}", only=("kind", kind))
        for kind in ("inventory", "vendor_catalog", "vendor_invoice")
    ),
    checks=("rattail.features.batches.checks:check_batch_folders",),
    options=(
        Option(
            name="hold_above_percent",
            kind="integer",
            unit="percent",
            help="A change of a unit cost above this is held back until a person has looked at it; 0: none is.",
            default=50,
            minimum=0,
        ),
        Option(
            name="four_eyes",
            kind="boolean",
            help="true: in the browser nobody executes a batch that they made themselves.",
            default=False,
            takes_effect="at restart",
        ),
    ),
    permissions=(
        Permission("batches.view", "See batches", ("buyer", "receiver", "counter", "viewer")),
        Permission("batches.create", "Make batches and correct their rows", ("buyer", "receiver", "counter")),
        Permission("batches.execute", "Execute batches", ("buyer", "receiver")),
        Permission("batches.undo", "Undo batches", ("buyer",)),
        Permission("batches.delete", "Delete batches", ("buyer", "receiver")),
        Permission("batches.catalogs", "Work with catalogs of vendors", ("buyer",)),
        Permission("batches.invoices", "Work with invoices of vendors", ("buyer", "receiver")),
        Permission("batches.counts", "Work with counts of the stock", ("counter",)),
        Permission("batches.tables", "Work with imports of tables"),
    ),
    pages=(
        Page("batches/", "batches.list", f"{_PAGES}.show:listed", "batches.view", menu="Batches", order=10),
        Page("batches/new/", "batches.new", f"{_PAGES}.new.drop:new", "batches.create"),
        Page("batches/new/<str:token>/", "batches.preview", f"{_PAGES}.new.views:preview", "batches.create", FORM),
        Page(f"{_ONE}/", "batches.show", f"{_PAGES}.show:overview", "batches.view"),
        Page(f"{_ONE}/rows/", "batches.rows", f"{_PAGES}.show:rows", "batches.view"),
        Page(f"{_ONE}/rows/add/", "batches.add_row", f"{_PAGES}.row:add_row", "batches.create", FORM),
        Page(f"{_ONE}/rows/<int:sequence>/", "batches.row", f"{_PAGES}.row:row", "batches.view"),
        Page(
            f"{_ONE}/rows/<int:sequence>/correct/",
            "batches.correct_row",
            f"{_PAGES}.row:correct_row",
            "batches.create",
            POST,
        ),
        Page(
            f"{_ONE}/rows/<int:sequence>/remove/",
            "batches.remove_row",
            f"{_PAGES}.row:remove_row",
            "batches.create",
            POST,
        ),
        Page(
            f"{_ONE}/rows/<int:sequence>/restore/",
            "batches.restore_row",
            f"{_PAGES}.row:restore_row",
            "batches.create",
            POST,
        ),
        Page(f"{_ONE}/changes/", "batches.changes", f"{_PAGES}.show:changes", "batches.view"),
        Page(f"{_ONE}/history/", "batches.history", f"{_PAGES}.show:history", "batches.view"),
        Page(f"{_ONE}/files/<str:which>/", "batches.file", f"{_PAGES}.files:download", "batches.view"),
        Page(f"{_ONE}/execute/", "batches.execute", f"{_PAGES}.deeds:execute", "batches.execute", FORM),
        Page(f"{_ONE}/undo/", "batches.undo", f"{_PAGES}.deeds:undo", "batches.undo", FORM),
        Page(f"{_ONE}/delete/", "batches.delete", f"{_PAGES}.deeds:delete", "batches.delete", FORM),
        Page(f"{_ONE}/again/", "batches.again", f"{_PAGES}.new.views:again", "batches.create", FORM),
        Page(
            "count/", "batches.counts", f"{_PAGES}.count.views:counts", "batches.counts", FORM, menu="Count", order=20
        ),
        Page("count/<int:number>/", "batches.count", f"{_PAGES}.count.views:count_page", "batches.counts"),
        Page(
            "count/<int:number>/entries/",
            "batches.count_entries",
            f"{_PAGES}.count.views:entries",
            "batches.counts",
            POST,
        ),
        Page(
            "count/<int:number>/finish/", "batches.count_finish", f"{_PAGES}.count.views:finish", "batches.counts", FORM
        ),
        Page(
            "count/<int:number>/delete/",
            "batches.count_give_up",
            f"{_PAGES}.count.views:give_up",
            "batches.counts",
            POST,
        ),
    ),
    lists=(
        List("batches.list", f"{_LISTS}.batches:BATCHES", "batches.view"),
        List("batches.catalog_rows", f"{_LISTS}.rows:CATALOG_ROWS", "batches.view"),
        List("batches.invoice_rows", f"{_LISTS}.rows:INVOICE_ROWS", "batches.view"),
        List("batches.count_rows", f"{_LISTS}.rows:COUNT_ROWS", "batches.view"),
        List("batches.csv_rows", f"{_LISTS}.rows:CSV_ROWS", "batches.view"),
        List("batches.changes", f"{_LISTS}.changes:CHANGES", "batches.view"),
    ),
    jobs=(
        JobKind("batches.read", "Read a batch", f"{_JOBS}:read", limit_s=_LONGEST_S),
        JobKind("batches.execute", "Execute a batch", f"{_JOBS}:execute", limit_s=_LONGEST_S),
        JobKind("batches.undo", "Undo a batch", f"{_JOBS}:undo", limit_s=_LONGEST_S),
    ),
    commands=(
        Command("make-batch", "Make a batch of a file: read, match and judge it.", f"{_CLI}.make:make_batch"),
        Command("list-batches", "List batches, the newest first.", f"{_CLI}.show:list_batches"),
        Command("show-batch", "Show a batch and its rows.", f"{_CLI}.show:show_batch"),
        Command("check-batch", "Show exactly what executing would change.", f"{_CLI}.show:check_batch"),
        Command("execute-batch", "Carry out what check-batch shows.", f"{_CLI}.execute:execute_batch"),
        Command("undo-batch", "Put back what was there before.", f"{_CLI}.execute:undo_batch"),
        Command("change-row", "Correct one row of a batch, and judge it again.", f"{_CLI}.correct:change_row"),
        Command("add-row", "Add a row that the file does not have.", f"{_CLI}.correct:add_row"),
        Command("remove-rows", "Let rows of a batch change nothing.", f"{_CLI}.correct:remove_rows"),
        Command("delete-batch", "Delete a batch that is not executed.", f"{_CLI}.delete:delete_batch"),
        Command("purge-batches", "Delete batches that were finished long ago.", f"{_CLI}.delete:purge_batches"),
        Command(
            "import-csv",
            "Read tables of the records from CSV files, as a batch.",
            "rattail.features.batches.csv_in.cli:import_csv",
        ),
        Command(
            "make-vendor-mapping",
            "Settle once how the files of a vendor are laid out.",
            f"{_CLI}.mapping:make_vendor_mapping",
        ),
        Command("list-formats", "List the layouts of files that can be read.", f"{_CLI}.make:list_formats"),
    ),
)

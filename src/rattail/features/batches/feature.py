"""What batches declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.config.option import Option
from rattail.feature import Command, Feature

_CLI = "rattail.features.batches.cli"

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

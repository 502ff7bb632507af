"""What batches declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.feature import Feature

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
)

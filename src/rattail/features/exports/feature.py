"""What exports declare."""

from rattail.appdir.folder import Folder, Keep
from rattail.feature import Feature

FEATURE = Feature(
    name="exports",
    title="Exports",
    folders=(
        Folder("data/exports", "files made for others and by reports", Keep.ESSENTIAL),
        Folder(
            "data/exports/instacart_product_export",
            "product files for Instacart, one folder an export",
            Keep.ESSENTIAL,
            relocatable=True,
        ),
    ),
)

"""The tables of batches."""

from rattail.features.batches.models.batch import Batch, Document
from rattail.features.batches.models.counting import Count, CountEntry
from rattail.features.batches.models.rows import CatalogRow, CountRow, CsvRow, InvoiceRow, RowEdit

__all__ = ["Batch", "CatalogRow", "Count", "CountEntry", "CountRow", "CsvRow", "Document", "InvoiceRow", "RowEdit"]

"""The tables of batches."""

from rattail.features.batches.models.batch import Batch, Document
from rattail.features.batches.models.rows import CatalogRow, CountRow, CsvRow, InvoiceRow, RowEdit

__all__ = ["Batch", "CatalogRow", "CountRow", "CsvRow", "Document", "InvoiceRow", "RowEdit"]

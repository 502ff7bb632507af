"""The rows of batches, one table for each kind: what the file says, what was matched, what was found of it."""

from django.db import models

from rattail.features.batches.models.batch import Batch
from rattail.retail.fields import AmountField


class Row(models.Model):
    """What all rows have. `sequence` counts the rows of the batch, `source_row` those of the file.

    `code` is as it stood in the file, `key` what it means; `statuses` are the bits of `Status`; `note` says
    in words what is wrong or was done. Ids of matched records are no references: a row outlives its record.
    """

    pk = models.CompositePrimaryKey("batch_id", "sequence")
    batch = models.ForeignKey(Batch, models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+")
    sequence = models.IntegerField()
    source_row = models.IntegerField()
    statuses = models.IntegerField()
    code = models.CharField(max_length=50, default="")
    key = models.CharField(max_length=13, default="")
    product_id = models.BigIntegerField(null=True)
    description = models.CharField(max_length=255, default="")
    note = models.CharField(max_length=500, default="")

    class Meta:
        abstract = True
        indexes = (models.Index(fields=["batch", "statuses", "sequence"], name="%(app_label)s_%(class)s_status"),)


class CatalogRow(Row):
    """One line of a vendor's catalog, with what is known of the item before."""

    vendor_item_id = models.BigIntegerField(null=True)
    vendor_code = models.CharField(max_length=40, default="")
    brand = models.CharField(max_length=100, default="")
    size = models.CharField(max_length=50, default="")
    case_size = AmountField(null=True)
    case_cost = AmountField(null=True)
    unit_cost = AmountField(null=True)
    suggested_retail = AmountField(null=True)
    effective = models.DateField(null=True)
    discount_amount = AmountField(null=True)
    discount_percent = AmountField(null=True)
    discount_starts = models.DateField(null=True)
    discount_ends = models.DateField(null=True)
    old_case_size = AmountField(null=True)
    old_case_cost = AmountField(null=True)
    old_unit_cost = AmountField(null=True)


class InvoiceRow(Row):
    """One line of an invoice; `units` is the quantity in units of the product, `known_unit_cost` the catalog's."""

    document = models.IntegerField(default=1)
    line_number = models.CharField(max_length=20, default="")
    vendor_item_id = models.BigIntegerField(null=True)
    vendor_code = models.CharField(max_length=40, default="")
    ordered = AmountField(null=True)
    shipped = AmountField(null=True)
    unit = models.CharField(max_length=10, default="each")
    case_size = AmountField(null=True)
    units = AmountField(null=True)
    unit_cost = AmountField(null=True)
    known_unit_cost = AmountField(null=True)
    amount = AmountField(null=True)
    is_out_of_stock = models.BooleanField(default=False)


class CountRow(Row):
    """One count of one product. `quantity` is in units; `before` and `after` are the stock's."""

    cases = AmountField(default=0)
    units = AmountField(default=0)
    case_size = AmountField(null=True)
    quantity = AmountField(null=True)
    counted_at = models.DateTimeField(null=True)
    location = models.CharField(max_length=50, default="")
    before = AmountField(null=True)
    after = AmountField(null=True)


class CsvRow(Row):
    """One row of a table that comes in as CSV: which record it names, and its values as JSON."""

    record_id = models.BigIntegerField(null=True)
    values = models.JSONField(default=dict)


class RowEdit(models.Model):
    """What a person changed of a row, by whom and when. Rows themselves show only the newest value."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="edits")
    sequence = models.IntegerField()
    field = models.CharField(max_length=30)
    before = models.CharField(max_length=500, blank=True, default="")
    after = models.CharField(max_length=500, blank=True, default="")
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)
